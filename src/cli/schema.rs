//! `schema`: the forms of what the program reads and writes, for editors and for other programs.

use nginx_wslint::{report, rules};

use super::args::SchemaOf;
use super::settings::written::Written;
use super::{CLEAN, Failure, output};

/// Prints a JSON Schema.
pub(super) fn run(of: SchemaOf) -> Result<u8, Failure> {
    let schema = match of {
        SchemaOf::Rule => rules::json_schema(),
        SchemaOf::Settings => {
            let mut schema = schemars::schema_for!(Written);
            schema.insert("title".to_owned(), "Settings of nginx-wslint".into());
            schema.to_value()
        }
        SchemaOf::Report => report::json::json_schema(),
    };
    output::print((serde_json::to_string_pretty(&schema)? + "\n").as_bytes());
    Ok(CLEAN)
}
