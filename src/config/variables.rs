//! The variables nginx and its modules define by themselves, read from `grammar/variables.toml` when the crate is built.

use super::directives::Version;

/// Which of nginx's two languages of variables a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `http { }`.
    Http,
    /// `stream { }`.
    Stream,
}

/// A variable that exists without any directive that defines it.
#[derive(Debug)]
pub struct Variable {
    /// The name without `$`; for a family such as `http_…` what its names begin with.
    pub name: &'static str,
    /// Where it exists.
    pub protocol: Protocol,
    /// The first nginx version that has it, if newer than 1.10.
    pub since: Option<Version>,
    /// The module that defines it, without `ngx_` and `_module`.
    pub module: &'static str,
    /// Whether only the commercial build has it.
    pub commercial: bool,
}

include!(concat!(env!("OUT_DIR"), "/variables.rs"));

/// Whether some module defines `name` (lower case, without `$` and braces) by itself, in http or stream. True also for
/// the captures `$1` to `$9`.
///
/// nginx compares names in lower case (`ngx_http_add_variable`, `ngx_http_get_variable_index`).
pub fn is_builtin_variable(name: &str) -> bool {
    matches!(name.as_bytes(), [b'1'..=b'9']) || builtin_variables(name).next().is_some()
}

/// The variables of this name (lower case, without `$` and braces): one for each protocol and module that has it.
///
/// A family matches whatever follows its prefix, even nothing, as in nginx (`ngx_http_variables_init_vars`; `return 200
/// $http_;` is accepted by 1.22.1 and 1.31.3).
pub fn builtin_variables(name: &str) -> impl Iterator<Item = &'static Variable> {
    let from = VARIABLES.partition_point(|variable| variable.name < name);
    let to = from + VARIABLES[from..].partition_point(|variable| variable.name == name);
    let families = PREFIXES.iter().filter(move |family| name.starts_with(family.name));
    VARIABLES[from..to].iter().chain(families)
}

#[cfg(test)]
mod tests {
    use super::{Protocol, builtin_variables, is_builtin_variable};

    #[test]
    fn what_nginx_defines_is_known() {
        for name in
            ["host", "http_upgrade", "arg_token", "cookie_sid", "upstream_http_x", "proxy_add_x_forwarded_for", "1"]
        {
            assert!(is_builtin_variable(name), "{name}");
        }
    }

    #[test]
    fn what_only_a_directive_defines_is_not() {
        for name in ["connection_upgrade", "http", "upstream", "http_upgarde_", "0", "10", "", "memcached_key"] {
            let family = name.starts_with("http_");
            assert_eq!(is_builtin_variable(name), family, "{name}");
        }
    }

    #[test]
    fn a_variable_tells_protocol_and_version() {
        let [port] = builtin_variables("is_request_port").collect::<Vec<_>>()[..] else { panic!("one row") };
        assert_eq!((port.protocol, port.since), (Protocol::Http, Some((1, 29, 3))));
        let protocols: Vec<_> = builtin_variables("remote_addr").map(|variable| variable.protocol).collect();
        assert_eq!(protocols, [Protocol::Http, Protocol::Stream]);
        assert!(builtin_variables("session_time").all(|variable| variable.protocol == Protocol::Stream));
    }
}
