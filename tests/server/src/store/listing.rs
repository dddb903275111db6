//! One page of anything that is listed by key: objects, versions, uploads.

/// Which rows to show.
#[derive(Debug, Default)]
pub(crate) struct Query<'a> {
    /// Only keys that begin so.
    pub(crate) prefix: &'a str,
    /// Keys that hold this text after the prefix are rolled up; empty: none are.
    pub(crate) delimiter: &'a str,
    /// Keys that begin so were rolled up on an earlier page.
    pub(crate) rolled_up: Option<&'a str>,
    /// Rows and rolled-up prefixes together.
    pub(crate) limit: usize,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    pub(crate) rows: Vec<(String, T)>,
    pub(crate) prefixes: Vec<String>,
    /// What the last row or prefix was, if more follow.
    pub(crate) last: Option<Last>,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// At this key.
    Key(String),
    /// At the keys that begin so.
    Prefix(String),
}

impl Query<'_> {
    /// Takes the page from `entries`, which come in the order of their keys' bytes and begin where the page does.
    pub(crate) fn page<'k, T>(&self, entries: impl Iterator<Item = (&'k str, T)>) -> Rows<T> {
        let mut page = Rows { rows: Vec::new(), prefixes: Vec::<String>::new(), last: None };
        let mut last = None;
        for (key, value) in entries {
            let Some(rest) = key.strip_prefix(self.prefix) else {
                if key > self.prefix {
                    break;
                }
                continue;
            };
            let rolled_up = (!self.delimiter.is_empty())
                .then(|| rest.find(self.delimiter))
                .flatten()
                .map(|at| &key[..self.prefix.len() + at + self.delimiter.len()]);
            let seen = rolled_up.is_some_and(|prefix| {
                self.rolled_up == Some(prefix) || page.prefixes.last().is_some_and(|last| last == prefix)
            });
            if seen {
                continue;
            }
            if page.rows.len() + page.prefixes.len() == self.limit {
                page.last = last;
                break;
            }
            if let Some(prefix) = rolled_up {
                page.prefixes.push(prefix.into());
                last = Some(Last::Prefix(prefix.into()));
            } else {
                page.rows.push((key.into(), value));
                last = Some(Last::Key(key.into()));
            }
        }
        page
    }
}

impl Last {
    /// The key or the prefix.
    pub(crate) fn text(&self) -> &str {
        match self {
            Last::Key(text) | Last::Prefix(text) => text,
        }
    }

    /// As an opaque token.
    pub(crate) fn token(&self) -> String {
        let kind = match self {
            Last::Key(_) => 'k',
            Last::Prefix(_) => 'p',
        };
        self.text().bytes().fold(kind.to_string(), |token, byte| token + &format!("{byte:02x}"))
    }

    /// Reads a token back; `None` if it is none of ours.
    pub(crate) fn parse(token: &str) -> Option<Last> {
        let (kind, hex) = token.split_at_checked(1)?;
        let pairs = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let text = String::from_utf8(pairs.collect::<Option<Vec<u8>>>()?).ok()?;
        match kind {
            "k" => Some(Last::Key(text)),
            "p" => Some(Last::Prefix(text)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(keys: &[&str], query: &Query<'_>) -> (Vec<String>, Vec<String>, Option<Last>) {
        let page = query.page(keys.iter().map(|key| (*key, ())));
        (page.rows.into_iter().map(|(key, ())| key).collect(), page.prefixes, page.last)
    }

    #[test]
    fn a_page_ends_at_its_limit_and_says_so_only_if_more_follow() {
        let keys = ["a", "b", "c"];
        let two = list(&keys, &Query { limit: 2, ..Query::default() });
        assert_eq!(two, (vec!["a".into(), "b".into()], vec![], Some(Last::Key("b".into()))));
        assert_eq!(list(&keys, &Query { limit: 3, ..Query::default() }).2, None);
        assert_eq!(list(&keys, &Query::default()), (vec![], vec![], None));
    }

    #[test]
    fn keys_below_a_delimiter_roll_up_once_over_all_pages() {
        let keys = ["p/a", "p/b/1", "p/b/2", "p/c", "q"];
        let query = Query { prefix: "p/", delimiter: "/", rolled_up: None, limit: 2 };
        let (rows, prefixes, last) = list(&keys, &query);
        assert_eq!((rows, prefixes), (vec!["p/a".to_owned()], vec!["p/b/".to_owned()]));
        assert_eq!(last, Some(Last::Prefix("p/b/".into())));
        let (rows, prefixes, last) = list(&keys[2..], &Query { rolled_up: Some("p/b/"), ..query });
        assert_eq!((rows, prefixes, last), (vec!["p/c".to_owned()], vec![], None));
    }

    #[test]
    fn tokens_survive_odd_keys() {
        for last in [Last::Key("\u{1}é+ %/".into()), Last::Prefix(String::new())] {
            assert_eq!(Last::parse(&last.token()), Some(last));
        }
        for wrong in ["", "k1", "kzz", "x00", "é"] {
            assert_eq!(Last::parse(wrong).filter(|last| last.token() == wrong), None, "{wrong}");
        }
    }
}
