//! A rule's text as a page.
