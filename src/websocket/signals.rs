//! (placeholder until the data lands)
use super::intent::Confidence;
use super::route::Route;
use crate::config::{DirectiveId, Tree};
#[derive(Debug)] pub struct Signals;
#[derive(Debug)] pub struct Endpoint { pub protocol: String, pub confidence: Confidence, pub only: bool, pub pings: bool, pub query: bool, pub slashless: bool, pub fixed: bool }
#[derive(Debug)] pub struct Application { pub name: String, pub confidence: Confidence, pub pings: bool, pub origin: bool, pub origin_scheme: bool }
#[derive(Debug)] pub struct Port { pub port: u16, pub application: String }
#[derive(Debug)] pub struct Label { pub confidence: Confidence }
pub struct Segment;
pub fn segments(_p: &str, _r: bool) -> Vec<Segment> { vec![] }
impl Signals {
    pub fn builtin() -> &'static Self { &Signals }
    pub fn endpoint(&self, _s: &[Segment]) -> Option<(&Endpoint, bool)> { None }
    pub fn application(&self, _w: &str) -> Option<&Application> { None }
    pub fn server_name(&self, _w: &str) -> Option<&Label> { None }
    pub fn port(&self, _w: u16) -> Option<&Port> { None }
    pub fn says_websocket(&self, _w: &str) -> bool { false }
    pub fn says_pings(&self, _w: &str) -> bool { false }
    pub fn denial(&self, _t: &Tree, _r: &Route) -> Option<(String, Option<DirectiveId>)> { None }
}
