//! What is in effect on each route, folded away under the picture.

use maud::{Markup, html};

use super::super::routes::{Origin, Setting};
use super::map::sign;
use super::state::Map;
use super::text;

/// What is in effect on each route.
pub(super) fn details(map: &Map<'_>) -> Markup {
    html! {
        details.routes { summary { "What is in effect on each of them" }
        @for (index, route, state) in map.routes() {
            details.route.(state.class()) {
                summary {
                    (sign(state)) " "
                    code { (text::plain(&route.route.location)) } " → " code { (text::plain(&route.route.pass.to)) }
                    " " span.place { (text::place(&route.route.place)) }
                }
                div id=(text::id("route", &index.to_string())) {
                    @if !route.route.websocket.evidence.is_empty() {
                        p { "WebSockets: " (route.route.websocket.confidence) ". Why: "
                            @for (index, evidence) in route.route.websocket.evidence.iter().enumerate() {
                                @if index > 0 { "; " }
                                (text::prose(&evidence.text))
                            }
                            "."
                        }
                    } @else {
                        p { "Nothing speaks for WebSockets on this route." }
                    }
                    @let found: Vec<_> = map.about(route).collect();
                    @if !found.is_empty() {
                        p { "Found: "
                            @for (index, one) in found.iter().enumerate() {
                                @if index > 0 { ", " }
                                a href={ "#" (text::id("finding", &one.fingerprint)) } { (text::plain(&one.rule)) }
                            }
                        }
                    }
                    @if !route.route.settings.is_empty() { (settings(&route.route.settings)) }
                }
            }
        }
        }
    }
}

fn settings(settings: &[Setting]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Values in effect" {
            table {
                thead { tr { th { "in effect" } th { "value" } th { "from" } } }
                tbody {
                    @for setting in settings {
                        tr.lost[setting.origin == Origin::Lost] {
                            td { code { (text::plain(&setting.name)) } }
                            td {
                                @match setting.value.as_deref() {
                                    None => "not sent",
                                    Some("") => code { "\"\"" },
                                    Some(value) => code { (text::plain(value)) },
                                }
                            }
                            td { (origin(setting)) }
                        }
                    }
                }
            }
        }
    }
}

fn origin(setting: &Setting) -> Markup {
    html! {
        @match (setting.origin, &setting.place, &setting.lost_at) {
            (Origin::Lost, Some(set), Some(lost)) => { "lost: set at " (text::place(set)) ", discarded at " (text::place(lost)) },
            (Origin::Lost, Some(set), None) => { "lost: set at " (text::place(set)) },
            (Origin::Own, Some(set), _) => (text::place(set)),
            (Origin::Inherited, Some(set), _) => { "inherited from " (text::place(set)) },
            _ => "nginx's default",
        }
        @if let Some(note) = &setting.note { "; " (text::prose(note)) }
        @if setting.open { "; text that is not here may change it" }
    }
}
