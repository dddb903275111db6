use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::json;
use tempfile::TempDir;

use super::*;

fn env() -> Env {
    Env::new([("HOME", "/home/ann")], PathBuf::from("/"))
}

fn fields(value: &Value) -> Fields {
    value.as_object().unwrap().clone()
}

fn target(name: &str, value: &Value) -> Result<Target, Error> {
    Target::read(name, &fields(value), &env())
}

fn saved(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sync.conf");
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn the_file_is_looked_for_in_the_order_of_the_manual() {
    let vars = [("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "/xdg"), ("S4_CONFIG", "mine.conf")];
    let with = |count: usize| Env::new(vars.into_iter().take(count), PathBuf::from("/cwd"));
    let path = |flag: Option<&str>, count| Config::path(flag.map(Path::new), &with(count)).unwrap();
    assert_eq!(path(None, 1), Path::new("/home/ann/.config/s4/sync.conf"));
    assert_eq!(path(None, 2), Path::new("/xdg/s4/sync.conf"));
    assert_eq!(path(None, 3), Path::new("/cwd/mine.conf"));
    assert_eq!(path(Some("/flag"), 3), Path::new("/flag"));
    assert!(matches!(Config::path(None, &Env::default()), Err(Error::NoHome)));
}

#[test]
fn an_absent_or_empty_file_has_no_targets() {
    let (_folder, path) = saved(" \n");
    assert!(Config::load(&path).unwrap().names().is_empty());
    assert!(Config::load(&path.with_file_name("none")).unwrap().names().is_empty());
}

#[test]
fn a_damaged_file_is_told_with_its_place_and_never_overwritten() {
    let text = "{\"targets\": {\n  \"a\": oops}}";
    let (_folder, path) = saved(text);
    let error = Config::update(&path, |_| Ok::<_, Error>(())).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the config file '{}' is damaged at line 2, column 8: expected value", path.display())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    for (text, what) in [("[]", "the whole"), ("{\"targets\": []}", "\"targets\"")] {
        fs::write(&path, text).unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(error.ends_with(&format!("{what} is not an object")), "{error}");
    }
}

#[test]
fn a_file_that_nobody_has_written_is_an_error_and_no_burden() {
    let (_folder, path) = saved("{}");
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let error = Config::load(&path).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "it is larger than 16 MiB");
    let deep = Config::parse(&path, "[".repeat(1 << 20).as_bytes()).unwrap_err();
    assert!(deep.to_string().ends_with("recursion limit exceeded"), "{deep}");
}

#[test]
fn a_rewrite_keeps_unknown_fields_and_order() {
    let (_folder, path) =
        saved(r#"{"later": [1], "targets": {"z": {"new": {"x": 1}, "s3_uri": "s3://b/z"}, "a": {}, "m": {}}}"#);
    Config::update(&path, |config| {
        let mut fields = config.fields("z")?.clone();
        fields.insert("region_name".to_owned(), json!("eu"));
        config.set("z", fields);
        config.remove("a")
    })
    .unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let z = json!({"new": {"x": 1}, "s3_uri": "s3://b/z", "region_name": "eu"});
    assert_eq!(value, json!({"later": [1], "targets": {"z": z, "m": {}}}));
    assert!(text.find("later") < text.find("targets") && text.find("\"z\"") < text.find("\"m\""), "{text}");
}

#[test]
fn a_saved_file_is_private_and_leaves_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/s4/sync.conf");
    Config::update(&path, |config| -> Result<(), Error> {
        config.set("a", Fields::new());
        Ok(())
    })
    .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    Config::load(&path).unwrap().save().unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_linked_file_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (link, real) = (folder.path().join("sync.conf"), folder.path().join("dot/real.conf"));
    symlink("dot/real.conf", &link).unwrap();
    for _ in 0..2 {
        Config::update(&link, |config| -> Result<(), Error> {
            config.set("a", Fields::new());
            Ok(())
        })
        .unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(Config::load(&real).unwrap().names(), ["a"]);
    }
}

#[test]
fn a_failed_change_saves_nothing() {
    let (_folder, path) = saved(r#"{"targets": {"a": {}}}"#);
    let error = Config::update(&path, |config| {
        config.set("b", Fields::new());
        config.remove("c")
    });
    assert!(matches!(error, Err(Error::Unknown { .. })));
    assert_eq!(Config::load(&path).unwrap().names(), ["a"]);
}

#[test]
fn an_entry_without_sense_can_be_removed() {
    let (_folder, path) = saved(r#"{"targets": {"": 7, "b": null}}"#);
    let mut config = Config::load(&path).unwrap();
    assert!(matches!(config.target("", &env()), Err(Error::Shape { .. })));
    config.remove("").unwrap();
    config.remove("b").unwrap();
    assert!(config.names().is_empty());
}

#[test]
fn a_target_of_0_4_is_read() {
    let target = target(
        "docs",
        &json!({"local_folder": "~/docs/", "s3_uri": "s3://b/docs", "endpoint_url": "", "region_name": null,
            "aws_access_key_id": "AKID", "aws_secret_access_key": "hunter2"}),
    )
    .unwrap();
    assert_eq!(target.local_folder, Path::new("/home/ann/docs"));
    assert_eq!((target.endpoint_url.as_ref(), target.region_name.as_ref()), (None, None));
    assert_eq!(target.aws_secret_access_key.as_ref().unwrap().reveal(), "hunter2");
    assert!(!format!("{target:?}").contains("hunter2"));
}

#[test]
fn our_fields_are_read() {
    let target = target(
        "x",
        &json!({"local_folder": "/x", "s3_uri": "s3://b", "conflicts": 1, "on_ignore": "keep", "links": "Preserve", "empty_folders": "On", "max_delete": "25%",
            "trash_days": 3, "state_folder": "~/.state/x", "conditional_writes": {"put": true}, "jobs": "16", "prices": {"put": 1},
            "direction": "Push", "addressing_style": "path", "ca_bundle": "~/ca.pem", "requester_pays": "on",
            "bandwidth_limit": "1K:off", "event_queue": "https://sqs.eu-west-1.amazonaws.com/1/q"}),
    )
    .unwrap();
    assert_eq!(target.conflicts, Some(s4_commands::Conflicts::Local));
    assert_eq!(target.on_ignore, Some(s4_commands::OnIgnore::Keep));
    assert!(target.empty_folders);
    assert_eq!(target.links, Some(s4_commands::Links::Preserve));
    assert_eq!((target.max_delete, target.trash_days), (Some(25.0), Some(3)));
    assert_eq!(target.prices, s4_commands::Prices::parse("put=1").ok());
    assert_eq!((target.jobs, target.bandwidth_limit), (Some(16), s4_commands::Bandwidth::parse("1024:off")));
    assert_eq!(target.state_folder.as_deref(), Some(Path::new("/home/ann/.state/x")));
    assert_eq!(target.direction, Some(s4_commands::Direction::Push));
    assert_eq!(target.addressing_style, Some(s4_commands::AddressingStyle::Path));
    assert_eq!((target.ca_bundle.as_deref(), target.requester_pays), (Some(Path::new("/home/ann/ca.pem")), true));
    assert_eq!(target.event_queue.as_deref(), Some("https://sqs.eu-west-1.amazonaws.com/1/q"));
    assert_eq!(target.conditional_writes, Some(json!({"put": true})));
}

#[test]
fn wrong_fields_are_named() {
    let good = json!({"local_folder": "/x", "s3_uri": "s3://b"});
    for (field, value, problem) in [
        ("local_folder", json!(null), "is missing"),
        ("local_folder", json!("x/y"), "is not an absolute path: 'x/y'"),
        ("s3_uri", json!("  "), "is missing"),
        ("region_name", json!(7), "is not a text"),
        ("conflicts", json!("both"), "is 'both', not ignore, local, remote, newest or keep-both"),
        ("on_ignore", json!("drop"), "is 'drop', not delete or keep"),
        ("direction", json!("up"), "is 'up', not both, push or pull"),
        ("addressing_style", json!(true), "is not a text"),
        ("ca_bundle", json!("ca.pem"), "is not an absolute path: 'ca.pem'"),
        ("requester_pays", json!("maybe"), "is not true or false"),
        ("empty_folders", json!("some"), "is not true or false"),
        ("empty_folders", json!(1), "is not a text"),
        ("links", json!("copy"), "is 'copy', not skip, follow or preserve"),
        ("max_delete", json!(101), "is not between 0 and 100 percent"),
        ("max_delete", json!("lots"), "is not a number"),
        ("max_delete", json!([]), "is not a text"),
        ("jobs", json!(0), "is not a number from 1 to 512"),
        ("jobs", json!(1.5), "is not a number from 1 to 512"),
        ("prices", json!({"put": true}), "makes no sense: 'true' is not a price in dollars"),
        ("prices", json!("put"), "makes no sense: not prices like put=0.005,down=0"),
        ("bandwidth_limit", json!("fast"), "is 'fast', not a rate like 500K, 1M:8M or 1M:off"),
        ("event_queue", json!(7), "is not a text"),
        ("event_queue", json!("my-queue"), "does not begin with http:// or https://"),
        ("event_queue", json!("https://sqs.eu-west-1.amazonaws.com/"), "does not end with the name of a queue"),
        ("event_queue", json!("https://me:hush@host/1/q"), "must not hold a user name, a key or a password"),
        ("trash_days", json!(1.5), "is not a whole number of days"),
        ("trash_days", json!(-1), "is not a whole number of days"),
        ("state_folder", json!("/x/state"), "is inside of local_folder: it would be synced"),
    ] {
        let mut fields = fields(&good);
        fields.insert(field.to_owned(), value);
        let error = Target::read("t", &fields, &env()).unwrap_err();
        assert_eq!(error.to_string(), format!("target \"t\": {field} {problem}"));
    }
    let mut half = fields(&good);
    half.insert("aws_access_key_id".to_owned(), json!("AKID"));
    assert!(Target::read("t", &half, &env()).is_err());
}

#[test]
fn targets_that_would_work_against_each_other_overlap() {
    let make = |folder: &str, uri: &str, state: &str| {
        target("t", &json!({"local_folder": folder, "s3_uri": uri, "state_folder": state})).unwrap()
    };
    let first = make("/a/b", "s3://one/x/y", "");
    for (folder, uri, state, expected) in [
        ("/a/b", "s3://two", "", Some(Overlap::State)),
        ("/a/b", "s3://two", "/state", None),
        ("/a/b/c", "s3://two", "", Some(Overlap::Folder)),
        ("/a/b/c", "s3://two", "/state", None),
        ("/a", "s3://two", "/state", Some(Overlap::Folder)),
        ("/a/bc", "s3://two", "", None),
        ("/z", "s3://one/x/y/", "", Some(Overlap::Bucket)),
        ("/z", "s3://one", "", Some(Overlap::Bucket)),
        ("/z", "s3://one/x/y/z", "", Some(Overlap::Bucket)),
        ("/z", "s3://one/x/yz", "", None),
        ("/z", "s3://two/x/y", "", None),
    ] {
        let second = make(folder, uri, state);
        assert_eq!(overlap::between(&first, &second), expected, "{folder} {uri} {state}");
        assert_eq!(overlap::between(&second, &first), expected, "{folder} {uri} {state}, the other way round");
    }
    let mut elsewhere = make("/z", "s3://one/x/y", "");
    elsewhere.endpoint_url = Some("https://other".to_owned());
    assert_eq!(overlap::between(&first, &elsewhere), None);
}

#[test]
fn a_folder_reached_through_a_link_is_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("real")).unwrap();
    symlink("real", folder.path().join("link")).unwrap();
    let make =
        |name: &str, uri: &str| target("t", &json!({"local_folder": folder.path().join(name), "s3_uri": uri})).unwrap();
    assert_eq!(overlap::between(&make("real", "s3://a"), &make("link", "s3://b")), Some(Overlap::State));
    assert_eq!(overlap::between(&make("real", "s3://a"), &make("link/new", "s3://b")), Some(Overlap::Folder));
}

#[test]
fn new_names_are_checked() {
    let (_folder, path) = saved(r#"{"targets": {"a": {}}}"#);
    let config = Config::load(&path).unwrap();
    for wrong in ["", "  ", "a\nb", "\u{1b}[31m", "-x"] {
        assert!(matches!(config.check_new_name(wrong), Err(Error::Name { .. })), "{wrong:?}");
    }
    assert!(matches!(config.check_new_name("a"), Err(Error::Exists { .. })));
    config.check_new_name("two words").unwrap();
}
