//! How records become JSON and come back. Written out, because serde's ways to lend fields and to tell types apart read every
//! field into a buffer first, which takes longer than all the rest: there may be millions of records in a stream.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::Record;

/// What a record's fields can do: be written and read within an object that may have others too.
pub(super) trait Fields: Sized {
    /// What was read of one so far.
    type Draft: Default;

    /// How many fields it writes.
    fn count(&self) -> usize;

    /// Writes its fields.
    fn write<S: SerializeStruct>(&self, out: &mut S) -> Result<(), S::Error>;

    /// Reads the field `name` into a draft; `false` if it has no such field.
    fn read<'de, M: MapAccess<'de>>(draft: &mut Self::Draft, name: &str, map: &mut M) -> Result<bool, M::Error>;

    /// Makes one of a draft, unless something is missing.
    fn finish<E: Error>(draft: Self::Draft) -> Result<Self, E>;
}

/// Reads the value of a field, which may come only once.
pub(super) fn fill<'de, T: Deserialize<'de>, M: MapAccess<'de>>(
    field: &mut Option<T>,
    name: &'static str,
    map: &mut M,
) -> Result<bool, M::Error> {
    if field.is_some() {
        return Err(Error::duplicate_field(name));
    }
    *field = Some(map.next_value()?);
    Ok(true)
}

/// Reads the rest of an object. What a record does not know is passed over.
pub(super) fn read_rest<'de, T: Fields, M: MapAccess<'de>>(mut map: M) -> Result<T, M::Error> {
    let mut draft = T::Draft::default();
    while let Some(Name(name)) = map.next_key()? {
        if !T::read(&mut draft, &name, &mut map)? {
            map.next_value::<IgnoredAny>()?;
        }
    }
    T::finish(draft)
}

/// Reads a record from an object without a type, or whose type is known.
pub(super) struct Reader<T>(pub(super) PhantomData<T>);

impl<'de, T: Fields> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
        read_rest(map)
    }
}

/// The name of a field, borrowed where it can be.
pub(super) struct Name<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name<'de>, D::Error> {
        deserializer.deserialize_str(NameReader)
    }
}

struct NameReader;

impl<'de> Visitor<'de> for NameReader {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Record, D::Error> {
        deserializer.deserialize_map(AnyReader)
    }
}

struct AnyReader;

impl<'de> Visitor<'de> for AnyReader {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Record, M::Error> {
        // The type comes first, unless some other program has sorted the fields.
        let mut before = Map::new();
        while let Some(Name(name)) = map.next_key()? {
            if name != "type" {
                before.insert(name.into_owned(), map.next_value::<Value>()?);
                continue;
            }
            let Name(kind) = map.next_value()?;
            if before.is_empty() {
                return Record::read_rest(&kind, map);
            }
            while let Some((name, value)) = map.next_entry()? {
                before.insert(name, value);
            }
            let whole: MapDeserializer<'_, _, serde_json::Error> = MapDeserializer::new(before.into_iter());
            return Record::read_rest(&kind, whole).map_err(Error::custom);
        }
        Err(Error::missing_field("type"))
    }
}
