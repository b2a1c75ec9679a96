use std::collections::HashSet;

use super::{Context, ContextSet, Defines, Inherit, Name};

fn name(text: &str) -> Name {
    Name::of(text).unwrap_or_else(|| panic!("{text} is in the vocabulary"))
}

fn inherit(text: &str, context: Context) -> Inherit {
    name(text).entry_in(context).unwrap_or_else(|| panic!("{text} stands in {context:?}")).inherit
}

#[test]
fn every_name_is_found_by_its_text() {
    for known in Name::all() {
        assert_eq!(Name::of(known.text()), Some(known));
        assert!(!known.entries().is_empty());
    }
}

#[test]
fn what_nginx_calls_unknown_is_unknown() {
    for text in ["", "Proxy_Pass", "proxy_passs", "proxy_set_header_inherit", "websocket"] {
        assert_eq!(Name::of(text), None, "{text}");
    }
}

#[test]
fn a_name_can_be_a_constant() {
    const PROXY_PASS: Option<Name> = Name::of("proxy_pass");
    assert_eq!(PROXY_PASS.map(Name::text), Some("proxy_pass"));
}

#[test]
fn a_name_has_one_meaning_in_a_context() {
    for known in Name::all() {
        let mut seen = HashSet::new();
        for context in known.entries().iter().flat_map(|entry| entry.contexts.iter()) {
            assert!(seen.insert(context), "{} twice in {context:?}", known.text());
        }
    }
}

#[test]
fn every_context_is_opened_by_some_block() {
    let opened: HashSet<Context> = Name::all().flat_map(Name::entries).filter_map(|entry| entry.opens).collect();
    for context in Context::ALL {
        let expected = !matches!(context, Context::Main | Context::Unknown);
        assert_eq!(opened.contains(&context), expected, "{context:?}");
    }
}

#[test]
fn blocks_open_what_stands_around_them() {
    let opens = |text, context| name(text).entry_in(context).and_then(|entry| entry.opens);
    assert_eq!(opens("server", Context::Http), Some(Context::Server));
    assert_eq!(opens("server", Context::Stream), Some(Context::StreamServer));
    assert_eq!(opens("server", Context::Upstream), None);
    assert_eq!(opens("upstream", Context::Stream), Some(Context::StreamUpstream));
    assert_eq!(opens("if", Context::Server), Some(Context::ServerIf));
    assert_eq!(opens("if", Context::Location), Some(Context::If));
    assert_eq!(opens("map", Context::Http), Some(Context::Entries));
    assert_eq!(opens("rtmp", Context::Main), Some(Context::Foreign));
}

/// Measured with `nginx -t` on 1.22.1 ("directive is not allowed here").
#[test]
fn contexts_are_those_of_nginx() {
    let levels = ContextSet::of(&[Context::Http, Context::Server, Context::Location]);
    for text in ["proxy_set_header", "proxy_http_version", "proxy_hide_header", "proxy_redirect", "limit_req"] {
        assert_eq!(name(text).contexts(), levels, "{text}");
    }
    assert_eq!(name("map").contexts(), ContextSet::of(&[Context::Http, Context::Stream]));
    assert!(name("proxy_pass").allowed_in(Context::LimitExcept));
    assert!(!name("proxy_pass").allowed_in(Context::ServerIf));
    assert!(!name("proxy_read_timeout").allowed_in(Context::If));
    assert!(!name("proxy_set_header").allowed_in(Context::Upstream));
    assert!(!name("location").allowed_in(Context::If));
    assert!(name("include").allowed_in(Context::MailServer));
}

#[test]
fn what_is_not_modelled_is_allowed() {
    for context in [Context::Entries, Context::Foreign, Context::Unknown] {
        assert!(name("proxy_set_header").allowed_in(context));
    }
}

#[test]
fn lists_are_told_from_scalars() {
    for text in ["proxy_set_header", "add_header", "proxy_cookie_path", "error_page", "allow", "deny", "limit_conn"] {
        assert_eq!(inherit(text, Context::Location), Inherit::Replace, "{text}");
    }
    for text in ["proxy_http_version", "proxy_read_timeout", "proxy_cache", "auth_basic", "root", "resolver"] {
        assert_eq!(inherit(text, Context::Location), Inherit::Scalar, "{text}");
    }
    for text in ["set", "rewrite", "return", "try_files"] {
        assert_eq!(inherit(text, Context::Location), Inherit::None, "{text}");
    }
    assert_eq!(inherit("proxy_pass", Context::Location), Inherit::Inner);
    assert_eq!(inherit("proxy_pass", Context::StreamServer), Inherit::None);
    assert_eq!(inherit("more_set_headers", Context::Location), Inherit::Append);
}

#[test]
fn variables_are_defined_by_the_right_argument() {
    let defines = |text, context| name(text).entry_in(context).and_then(|entry| entry.defines);
    assert_eq!(defines("set", Context::ServerIf), Some(Defines::First));
    assert_eq!(defines("map", Context::Http), Some(Defines::Last));
    assert_eq!(defines("geo", Context::Stream), Some(Defines::Last));
    assert_eq!(defines("keyval", Context::Http), Some(Defines::Second));
    assert_eq!(defines("geoip2", Context::Http), Some(Defines::Entries));
    assert_eq!(defines("proxy_pass", Context::Location), None);
}

#[test]
fn arguments_are_counted_as_nginx_counts_them() {
    let accepts = |text: &str, context| {
        let args = name(text).entry_in(context).map(|entry| entry.args);
        (0..12).filter(|count| args.is_some_and(|args| args.accepts(*count))).collect::<Vec<_>>()
    };
    assert_eq!(accepts("proxy_set_header", Context::Http), [2]);
    assert_eq!(accepts("proxy_bind", Context::Http), [1, 2]);
    assert_eq!(accepts("internal", Context::Location), [0]);
    assert_eq!(accepts("try_files", Context::Location), (2..12).collect::<Vec<_>>());
    assert_eq!(accepts("http2", Context::Server), [1]);
    assert!(name("http2").entry_in(Context::Server).is_some_and(|entry| entry.args.is_flag()));
}

#[test]
fn versions_bound_what_exists() {
    let exists = |text, context, version| name(text).entry_in(context).map(|entry| entry.exists_in(version));
    assert_eq!(exists("http2", Context::Server, (1, 25, 0)), Some(false));
    assert_eq!(exists("http2", Context::Server, (1, 25, 1)), Some(true));
    assert_eq!(exists("ssl", Context::Server, (1, 25, 1)), Some(false));
    assert_eq!(exists("resolver", Context::Upstream, (1, 27, 2)), Some(false));
    assert_eq!(exists("resolver", Context::Server, (1, 10, 0)), Some(true));
}
