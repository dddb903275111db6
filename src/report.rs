//! The one place that renders errors: what failed, its causes, and what the user can do.

use s4_commands::record;

use crate::config;
use crate::error::{Error, Kind};
use crate::remote;
use crate::ui::Ui;
use crate::ui::text::printable;

/// Tells of an error on stderr, whatever the log level.
pub fn tell(ui: &Ui, error: &Error) {
    let paint = ui.options().paint_error;
    let chain = error.chain();
    let labels = std::iter::once(paint.bad("error:")).chain(std::iter::repeat(paint.bad("caused by:")));
    let causes = chain.iter().zip(labels).map(|(line, label)| (label, line));
    let hints = error.hints().iter().map(|line| (paint.place("hint:"), line));
    let stamp = ui.stamp();
    let text: String =
        causes.chain(hints).map(|(label, line)| format!("{stamp}{label} {}\n", printable(line))).collect();
    ui.tell(&text);
}

/// The record of an error, about `key` if it is about one.
pub fn record(error: &Error, key: Option<&str>) -> record::Record {
    let (code, key) = (error.kind().code().to_owned(), key.map(str::to_owned));
    record::Record::Error(record::Error { code, message: error.chain().join(": "), key, key_base64: None })
}

/// What each trouble with the config file means, and what helps.
impl From<config::Error> for Error {
    fn from(error: config::Error) -> Error {
        let (kind, hints) = match &error {
            config::Error::NoHome => (Kind::Config, vec!["set HOME, or name the file with --config".to_owned()]),
            config::Error::Damaged { .. } | config::Error::Shape { .. } => {
                let hint = "mend the file, or move it away and add the targets again; s4 does not overwrite it";
                (Kind::Config, vec![hint.to_owned()])
            }
            config::Error::Read { path, .. } => {
                let path = quoted(&path.to_string_lossy());
                (Kind::Config, vec![format!("look at what it is, and at its owner and permissions: ls -ld {path}")])
            }
            config::Error::Write { path, .. } => {
                let folder = path.parent().unwrap_or(path).to_string_lossy().into_owned();
                let folder = quoted(&folder);
                (
                    Kind::Config,
                    vec![format!("look whether there is room, and leave to write: df {folder}; ls -ld {folder}")],
                )
            }
            config::Error::Unknown { name, choices } => (Kind::Usage, choices_for(name, choices)),
            config::Error::Exists { name } => {
                let hint = format!("choose another name, or change the target with 's4 edit {}'", quoted(name));
                (Kind::Usage, vec![hint])
            }
            config::Error::Name { .. } => (Kind::Usage, vec!["choose another name with --name".to_owned()]),
            config::Error::Field { target, .. } => {
                let hint = format!("set it anew: s4 edit {}; s4 edit --help tells by which option", quoted(target));
                (Kind::Config, vec![hint])
            }
            config::Error::Overlap { .. } => {
                let hint = "give each target a folder and a place in the bucket of its own; a second target on the same \
                            folder needs --state-folder";
                (Kind::Config, vec![hint.to_owned()])
            }
        };
        // The message is the error's own, so that only what is below it counts as a cause.
        let mut whole = Error::new(kind, error.to_string());
        if let config::Error::Read { source, .. } | config::Error::Write { source, .. } = error {
            whole = whole.because(source);
        }
        hints.into_iter().fold(whole, Error::hint)
    }
}

/// Why the place `uri` in a bucket could not be used, and what helps. `name`: the target that can be mended; a new one has none yet.
pub fn access(name: Option<&str>, uri: &str, error: remote::Error) -> Error {
    let edit = name.map(|name| format!("s4 edit {} ", quoted(name))).unwrap_or_default();
    let hint = match &error {
        remote::Error::NoSuchBucket { bucket } => {
            let bucket = quoted(&format!("s3://{bucket}"));
            format!("make the bucket first (aws s3 mb {bucket}), or mend its name: {edit}--s3-uri s3://BUCKET/PATH")
        }
        remote::Error::Credentials(why) | remote::Error::NoCredentials(why) if is_of_session(why) => {
            "log in again, for example by: aws sso login".to_owned()
        }
        remote::Error::Credentials(_) => {
            format!("look at the keys: {edit}--access-key-id ID --secret-access-key-file FILE, or --profile NAME")
        }
        remote::Error::NoCredentials(_) => format!(
            "store keys: {edit}--access-key-id ID --secret-access-key-file FILE; name a profile: {edit}--profile NAME; or set \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ),
        remote::Error::Denied(why) => {
            let reads = ["ListBucketVersions", "GetObjectVersion", "GetBucketVersioning"];
            let history = if reads.iter().any(|read| why.contains(read)) { " --history" } else { "" };
            format!("see what the keys have to be allowed: s4 policy {}{history}", quoted(uri))
        }
        remote::Error::WrongRegion(region) => format!("name the bucket's region: {edit}--region {region}"),
        remote::Error::Network(why) if why.contains("certificate") => {
            format!("if you trust it, name a file with the certificate of who signed it: {edit}--ca-bundle FILE")
        }
        remote::Error::Network(_) => format!("look at the network, and at the address: {edit}--endpoint-url URL"),
        remote::Error::Clock(_) => {
            "look at the clock of this machine: timedatectl; and set it: timedatectl set-ntp true".to_owned()
        }
        remote::Error::Server(_) => {
            format!("try again later; if it is overloaded, with fewer transfers at a time: {edit}--jobs 8")
        }
        remote::Error::NotFound => {
            format!("what answers may be no S3 server: look at the address: {edit}--endpoint-url URL")
        }
        _ => return Error::new(Kind::Failed, format!("cannot use {uri}")).because(error),
    };
    Error::new(Kind::Access, format!("cannot use {uri}")).because(error).hint(hint)
}

/// Whether credentials are missing or refused because a session has ended.
fn is_of_session(why: &str) -> bool {
    let why = why.to_lowercase();
    why.contains("expired") || why.contains("sso")
}

fn choices_for(name: &str, choices: &[String]) -> Vec<String> {
    if choices.is_empty() {
        return vec!["you have not added any targets yet; use the 'add' command to do this: s4 add".to_owned()];
    }
    let near = similar::get_close_matches(name, &choices.iter().map(String::as_str).collect::<Vec<_>>(), 1, 0.6);
    let near = near.first().map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
    vec![format!("{near}the targets are: {}", choices.join(", "))]
}

/// A name as a shell takes it.
pub fn quoted(name: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./:".contains(character);
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: &Error) -> String {
        let (ui, seen) = Ui::captured("");
        tell(&ui, error);
        seen.err()
    }

    #[test]
    fn an_error_comes_with_its_causes_and_then_its_hints() {
        let error = Error::new(Kind::Access, "cannot use the bucket 'b'")
            .because(Error::new(Kind::Failed, "denied\u{1b}").because(std::io::Error::other("403")))
            .hint("look at the keys")
            .hint("or at the policy");
        assert_eq!(
            told(&error),
            "error: cannot use the bucket 'b'\ncaused by: denied\\u{1b}\ncaused by: 403\nhint: look at the keys\nhint: or \
             at the policy\n"
        );
    }

    #[test]
    fn an_unknown_target_comes_with_the_choices_and_the_nearest() {
        let choices = ["docs", "photos"].map(str::to_owned).to_vec();
        let error = Error::from(config::Error::Unknown { name: "foto".to_owned(), choices: choices.clone() });
        assert_eq!(error.kind(), Kind::Usage);
        assert_eq!(
            told(&error),
            "error: \"foto\" is an unknown target\nhint: did you mean \"photos\"? the targets are: docs, photos\n"
        );
        let far = Error::from(config::Error::Unknown { name: "x".to_owned(), choices });
        assert_eq!(told(&far), "error: \"x\" is an unknown target\nhint: the targets are: docs, photos\n");
        let none = Error::from(config::Error::Unknown { name: "x".to_owned(), choices: Vec::new() });
        assert!(told(&none).contains("you have not added any targets yet"));
    }

    #[test]
    fn trouble_with_a_bucket_comes_with_what_helps() {
        let error = access(None, "s3://b/x", remote::Error::NoSuchBucket { bucket: "b".to_owned() });
        assert_eq!(
            told(&error),
            "error: cannot use s3://b/x\ncaused by: the bucket 'b' does not exist\nhint: make the bucket first (aws s3 \
             mb s3://b), or mend its name: --s3-uri s3://BUCKET/PATH\n"
        );
        assert_eq!(access(None, "s3://b", remote::Error::Other("odd".to_owned())).kind(), Kind::Failed);
    }

    #[test]
    fn who_has_to_log_in_again_is_told_so() {
        let hint = |error| access(None, "s3://b", error).hints()[0].clone();
        assert!(hint(remote::Error::Credentials("the session has expired".to_owned())).contains("aws sso login"));
        assert!(hint(remote::Error::NoCredentials("the SSO token is gone".to_owned())).contains("aws sso login"));
        assert!(hint(remote::Error::Credentials("another secret".to_owned())).contains("keys: --access-key-id"));
        let known = access(Some("my docs"), "s3://b", remote::Error::Credentials("another secret".to_owned()));
        assert!(known.hints()[0].contains("keys: s4 edit \"my docs\" --access-key-id ID"), "{:?}", known.hints());
    }

    #[test]
    fn a_record_holds_the_whole_chain() {
        let error = Error::new(Kind::Config, "a").because(std::io::Error::other("b"));
        let line = serde_json::to_string(&record(&error, Some("k"))).unwrap();
        assert_eq!(line, r#"{"type":"error","code":"config","message":"a: b","key":"k"}"#);
    }

    #[test]
    fn a_file_that_can_not_be_read_says_why_once() {
        let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = Error::from(config::Error::Read { path: "/c".into(), source });
        assert_eq!(
            told(&error),
            "error: cannot read the config file '/c'\ncaused by: permission denied\nhint: look at what it is, and at its owner and permissions: ls -ld /c\n"
        );
    }
}
