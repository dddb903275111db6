//! A text that never shows itself by accident.

use std::fmt;
use std::str::FromStr;

/// A secret access key. Neither `Debug` nor `Display` shows it; only [`Secret::reveal`] does.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret into custody.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The secret itself, for signing requests and for the config file, and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Whether a URL has a user name or a password in front of its host, or its bucket, as some tools take them.
pub fn holds_keys(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().is_some_and(|host| host.contains('@'))
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Secret, Self::Err> {
        Ok(Secret::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_front_of_the_host_may_be_a_key() {
        for (url, holds) in [
            ("https://me:hush@host", true),
            ("me:hush@host/x", true),
            ("s3://KEY:hush@bucket/a", true),
            ("s3://bucket/a@b", false),
            ("https://host:443", false),
            ("", false),
        ] {
            assert_eq!(holds_keys(url), holds, "{url}");
        }
    }

    #[test]
    fn a_secret_shows_itself_only_when_asked() {
        let secret = Secret::new("wJalr");
        assert_eq!(format!("{secret} {secret:?} {secret:#?}"), "[hidden] [hidden] [hidden]");
        assert_eq!(secret.reveal(), "wJalr");
    }
}
