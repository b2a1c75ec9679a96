//! A value and where it stands in its file.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value of a rule file with the bytes it takes there. Written down for a program instead of for people, the value is
/// all that is left, and it stands nowhere.
#[derive(Clone, Debug)]
pub(super) struct Spanned<T> {
    span: Range<usize>,
    value: T,
}

impl<T> Spanned<T> {
    pub(super) fn new(span: Range<usize>, value: T) -> Self {
        Self { span, value }
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn get_ref(&self) -> &T {
        &self.value
    }

    pub(super) fn into_inner(self) -> T {
        self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Ok(Self::new(0..0, T::deserialize(deserializer)?));
        }
        let written = toml::Spanned::<T>::deserialize(deserializer)?;
        Ok(Self::new(written.span(), written.into_inner()))
    }
}

impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}
