//! Declaring a record once, for serde and for the manual: the doc comments of its fields are what the manual says of them.

/// What the manual says of a record.
#[derive(Clone, Debug)]
pub struct RecordDoc {
    /// The value of its `"type"`; of a part of records, what the manual calls it.
    pub name: &'static str,
    /// What it is.
    pub about: String,
    /// Its fields, in the order in which they are written.
    pub fields: Vec<FieldDoc>,
}

/// What the manual says of a field.
#[derive(Clone, Debug)]
pub struct FieldDoc {
    /// Its name.
    pub name: &'static str,
    /// What it holds, in words of JSON: `string`, `number`, `time`, `true`, `object`, `array`.
    pub kind: &'static str,
    /// Whether it is always there.
    pub always: bool,
    /// What it means.
    pub about: String,
}

/// Something that has a place in the manual.
pub trait Documented {
    /// What it is.
    fn about() -> String;
    /// Its fields.
    fn fields() -> Vec<FieldDoc>;
}

/// The lines of a doc comment as one text.
pub(super) fn text(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// The word of JSON for a type of Rust.
pub(super) fn kind(rust: &str) -> &'static str {
    match rust {
        "String" => "string",
        "bool" => "true or false",
        "Time" | "Seconds" => "time",
        "Vec" => "array",
        "u64" | "u32" | "i64" | "f64" => "number",
        _ => "object",
    }
}

/// Declares a record: fields that are `required` are always there, `optional` ones are left out where there is nothing to
/// say, `flags` are there only when they are true, and `parts` lend the record their own fields.
macro_rules! record {
    (
        $(#[doc = $about:literal])+
        $name:ident
        $(required { $($(#[doc = $r_about:literal])+ $r:ident: $r_type:ident $(<$($r_of:ty),+>)?,)+ })?
        $(optional { $($(#[doc = $o_about:literal])+ $o:ident: $o_type:ident $(<$($o_of:ty),+>)?,)+ })?
        $(flags { $($(#[doc = $f_about:literal])+ $f:ident,)+ })?
        $(parts { $($(#[doc = $p_about:literal])+ $p:ident: $p_type:ident,)+ })?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($($(#[doc = $r_about])+ pub $r: $r_type $(<$($r_of),+>)?,)+)?
            $($($(#[doc = $o_about])+ pub $o: Option<$o_type $(<$($o_of),+>)?>,)+)?
            $($($(#[doc = $f_about])+ pub $f: bool,)+)?
            $($($(#[doc = $p_about])+ pub $p: $p_type,)+)?
        }

        const _: () = {
            use serde::de::{self, MapAccess};
            use serde::ser::SerializeStruct;
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            use $crate::record::codec::{Fields, Reader, fill};

            #[derive(Default)]
            pub(super) struct Draft {
                $($($r: Option<$r_type $(<$($r_of),+>)?>,)+)?
                $($($o: Option<Option<$o_type $(<$($o_of),+>)?>>,)+)?
                $($($f: Option<bool>,)+)?
                $($($p: <$p_type as Fields>::Draft,)+)?
            }

            impl Fields for $name {
                type Draft = Draft;

                fn count(&self) -> usize {
                    0 $(+ [$(stringify!($r)),+].len())?
                        $($(+ usize::from(self.$o.is_some()))+)?
                        $($(+ usize::from(self.$f))+)?
                        $($(+ self.$p.count())+)?
                }

                fn write<S: SerializeStruct>(&self, out: &mut S) -> Result<(), S::Error> {
                    $($(out.serialize_field(stringify!($r), &self.$r)?;)+)?
                    $($(if let Some(value) = &self.$o {
                        out.serialize_field(stringify!($o), value)?;
                    })+)?
                    $($(if self.$f {
                        out.serialize_field(stringify!($f), &true)?;
                    })+)?
                    $($(self.$p.write(out)?;)+)?
                    Ok(())
                }

                fn read<'de, M: MapAccess<'de>>(
                    draft: &mut Draft,
                    name: &str,
                    map: &mut M,
                ) -> Result<bool, M::Error> {
                    match name {
                        $($(stringify!($r) => fill(&mut draft.$r, stringify!($r), map),)+)?
                        $($(stringify!($o) => fill(&mut draft.$o, stringify!($o), map),)+)?
                        $($(stringify!($f) => fill(&mut draft.$f, stringify!($f), map),)+)?
                        _ => Ok(false $($(|| <$p_type>::read(&mut draft.$p, name, map)?)+)?),
                    }
                }

                fn finish<E: de::Error>(draft: Draft) -> Result<$name, E> {
                    Ok($name {
                        $($($r: draft.$r.ok_or_else(|| E::missing_field(stringify!($r)))?,)+)?
                        $($($o: draft.$o.flatten(),)+)?
                        $($($f: draft.$f.unwrap_or_default(),)+)?
                        $($($p: <$p_type>::finish(draft.$p)?,)+)?
                    })
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut out = serializer.serialize_struct(stringify!($name), self.count())?;
                    self.write(&mut out)?;
                    out.end()
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                    deserializer.deserialize_map(Reader(std::marker::PhantomData))
                }
            }
        };

        impl Documented for $name {
            fn about() -> String {
                text(&[$($about),+])
            }

            fn fields() -> Vec<FieldDoc> {
                #[allow(unused_mut, reason = "a record without parts adds nothing")]
                let mut fields: Vec<FieldDoc> = vec![
                    $($(FieldDoc {
                        name: stringify!($r),
                        kind: kind(stringify!($r_type)),
                        always: true,
                        about: text(&[$($r_about),+]),
                    },)+)?
                    $($(FieldDoc {
                        name: stringify!($o),
                        kind: kind(stringify!($o_type)),
                        always: false,
                        about: text(&[$($o_about),+]),
                    },)+)?
                    $($(FieldDoc {
                        name: stringify!($f),
                        kind: "true",
                        always: false,
                        about: text(&[$($f_about),+]),
                    },)+)?
                ];
                $($(fields.extend(<$p_type>::fields());)+)?
                fields
            }
        }
    };
}

/// Declares the enum of all records, and the manual's list of them, in this order.
macro_rules! records {
    ($($(#[doc = $about:literal])+ $name:ident $kind:literal,)+) => {
        /// One record, a line of a stream.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(clippy::large_enum_variant, reason = "records come and go one at a time")]
        #[non_exhaustive]
        pub enum Record {
            $($(#[doc = $about])+ $name($name),)+
        }

        const _: () = {
            use serde::de::{Error as _, MapAccess};
            use serde::ser::SerializeStruct;
            use serde::{Serialize, Serializer};

            use $crate::record::codec::{Fields, read_rest};

            impl Serialize for Record {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    match self {
                        $(Record::$name(record) => {
                            let mut out = serializer.serialize_struct("Record", 1 + record.count())?;
                            out.serialize_field("type", $kind)?;
                            record.write(&mut out)?;
                            out.end()
                        })+
                    }
                }
            }

            impl Record {
                /// Reads the rest of an object whose type is known.
                pub(super) fn read_rest<'de, M: MapAccess<'de>>(kind: &str, map: M) -> Result<Record, M::Error> {
                    match kind {
                        $($kind => read_rest(map).map(Record::$name),)+
                        other => Err(M::Error::unknown_variant(other, &[$($kind),+])),
                    }
                }
            }
        };

        impl Record {
            /// The value of its `"type"`.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Record::$name(_) => $kind,)+
                }
            }

            /// What the manual says of every record.
            pub fn manual() -> Vec<RecordDoc> {
                vec![$(RecordDoc { name: $kind, about: <$name>::about(), fields: <$name>::fields() },)+]
            }
        }

        $(impl From<$name> for Record {
            fn from(record: $name) -> Record {
                Record::$name(record)
            }
        })+
    };
}

pub(super) use {record, records};
