use super::super::sample;
use super::*;

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

#[test]
fn a_result_has_what_code_scanning_shows() {
    let log = log(&sample::report(), MOST_RESULTS);
    let result = &results(&log)[2];
    assert_eq!((&result["ruleId"], &result["level"]), (&json!("lost-headers"), &json!("error")));
    assert_eq!(result["message"]["text"], "this line discards `Upgrade`\nrepeat the headers");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], "lost-headers");
    assert_eq!(
        result["locations"][0]["physicalLocation"],
        json!({
            "artifactLocation": { "uri": "site.conf", "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": 4, "startColumn": 5, "endLine": 4, "endColumn": 32 },
        })
    );
    assert_eq!(result["relatedLocations"][0]["message"]["text"], "set here");
    assert_eq!(result["partialFingerprints"]["primaryLocationLineHash"], "00000000deadbeef");
    let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "\n    proxy_set_header Upgrade $http_upgrade;");
    assert_eq!(results(&log)[3]["fixes"], json!([]), "advice is no fix");
}

#[test]
fn what_cannot_be_understood_is_a_result_with_a_line() {
    let log = log(&sample::report(), MOST_RESULTS);
    let [syntax, unreadable] = [&results(&log)[0], &results(&log)[1]];
    assert_eq!((&syntax["ruleId"], &unreadable["ruleId"]), (&json!("syntax-error"), &json!("unreadable")));
    assert_eq!(unreadable["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn the_worst_stay_where_there_are_too_many() {
    let mut report = Report::default();
    for index in 0..9 {
        let severity = [Severity::Info, Severity::Warning, Severity::Error][index % 3];
        report.diagnostics.push(Diagnostic { severity, ..sample::diagnostic() });
    }
    let log = log(&report, 5);
    let levels: Vec<&Value> = results(&log).iter().map(|result| &result["level"]).collect();
    assert_eq!(levels, ["error", "error", "error", "warning", "warning"]);
    let note = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(note.as_str().unwrap().starts_with("4 further findings were left out"), "{note}");
}

#[test]
fn brackets_make_no_link() {
    assert_eq!(message("[x](https://a.example/)", None)["text"], "\\[x\\](https://a.example/)");
    assert_eq!(message("~ ^/[a-z]+", None)["text"], "~ ^/[a-z]+");
}
