//! Facts about comments that silence rules. They are known once all other rules have spoken.

use super::super::condition::{Asked, Hit, Scope};
use super::super::ignores::Comment;
use super::Fact;

pub(super) const FACTS: &[Fact] = facts! {
    "malformed-ignore" "the comment is meant to silence rules, and cannot; the word is why" malformed;
    "misspelt-ignored-rule" "no rule has a name in the comment, but one is spelt like it; the second word is that one" misspelt;
    "unknown-ignored-rule" "no rule has a name in the comment, or one like it" unknown;
    "unused-ignore" "no rule that the comment names finds anything there" unused;
    "unused-ignored-rules" "some rules that the comment names find nothing there; the words are their names" partly_unused;
    "used-ignored-rules" "the words are the names without which the comment would silence less" used;
    "idle-steering" "the comment is to decide what a route carries, and stands where it decides for none" idle_steering;
    "ignore-without-reason" "the comment does not say why" without_reason;
};

fn idle_steering(scope: Scope<'_>) -> Option<Hit> {
    comment(scope).filter(|comment| comment.is_idle()).map(|comment| Hit::at(comment.place()))
}

fn comment(scope: Scope<'_>) -> Option<&Comment> {
    match scope.subject {
        Asked::Comment(comment) => Some(comment),
        Asked::Route(_) | Asked::Directive(_) => None,
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn malformed(scope: Scope<'_>) -> Option<Hit> {
    let comment = comment(scope)?;
    Some(Hit { words: vec![comment.mistake()?.to_owned()], ..Hit::at(comment.place()) })
}

fn misspelt(scope: Scope<'_>) -> Option<Hit> {
    let (place, name, near) = comment(scope)?.unknown()?;
    Some(Hit { words: owned(&[name, near?]), ..Hit::at(place) })
}

fn unknown(scope: Scope<'_>) -> Option<Hit> {
    let (place, name, near) = comment(scope)?.unknown()?;
    near.is_none().then(|| Hit { words: owned(&[name]), ..Hit::at(place) })
}

/// One that also names what does not exist is told of that first.
fn unused(scope: Scope<'_>) -> Option<Hit> {
    let comment = comment(scope).filter(|comment| comment.unknown().is_none())?;
    let (unused, kept) = comment.unused();
    (kept.is_empty() && !unused.is_empty()).then(|| Hit { words: owned(&unused), ..Hit::at(comment.place()) })
}

fn partly_unused(scope: Scope<'_>) -> Option<Hit> {
    let comment = comment(scope).filter(|comment| comment.unknown().is_none())?;
    let (unused, kept) = comment.unused();
    let both = !kept.is_empty() && !unused.is_empty();
    both.then_some(comment.list()?).map(|place| Hit { words: owned(&unused), ..Hit::at(place) })
}

fn used(scope: Scope<'_>) -> Option<Hit> {
    let comment = comment(scope)?;
    let (_, kept) = comment.unused();
    Some(Hit { words: owned(&kept), ..Hit::at(comment.list()?) }).filter(|_| !kept.is_empty())
}

fn without_reason(scope: Scope<'_>) -> Option<Hit> {
    let comment = comment(scope).filter(|comment| !comment.has_reason())?;
    Some(Hit::at(comment.place()))
}
