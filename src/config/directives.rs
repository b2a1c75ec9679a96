//! (placeholder until the vocabulary lands)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u16);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context { Main, Events, Http, Server, Location, If, ServerIf, LimitExcept, Upstream, Stream, StreamServer, StreamUpstream, Mail, MailServer, Entries, Unknown }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inherit { Scalar, Replace, None }
pub struct Vocabulary;
const NAMES: &[&str] = &["http","server","location","proxy_pass","proxy_set_header","map","include","set","if","upstream","events","listen","proxy_http_version","proxy_read_timeout"];
impl Vocabulary {
    pub fn get() -> &'static Self { &Vocabulary }
    pub fn name(&self, t: &str) -> Option<Name> { NAMES.iter().position(|n| *n == t).map(|i| Name(i as u16)) }
    pub fn text(&self, n: Name) -> &'static str { NAMES[n.0 as usize] }
    pub fn opens(&self, _n: Name, _c: Context) -> Context { Context::Unknown }
    pub fn allows(&self, _n: Name, _c: Context, _b: bool) -> bool { true }
    pub fn defines(&self, _n: Name, _words: usize) -> Option<usize> { None }
    pub fn inherit(&self, _n: Name, _c: Context) -> Inherit { Inherit::Scalar }
    pub fn is_builtin_variable(&self, _n: &str) -> bool { false }
}
