//! Secrets never show: not in results, not in talk, not in errors or records, and not among the arguments of any process.

use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};

use s4_commands::COMMANDS;
use s4_test_server::{Op, Options};
use serde_json::{Value, json};

use crate::json::lines;
use crate::support::{Bucket, Machine, TARGET, TestEnv, in_sync, ran};

/// The secret that the target has, and one for each other place where somebody may put one.
const SECRET: &str = "hush/of+the/config";
const OF_THE_ENVIRONMENT: &str = "hush/of+the/environment";
const TOKEN: &str = "hush+token==";
const PASSWORD: &str = "hush-password";

fn bucket() -> Bucket {
    Bucket::in_process_with(Options { secret_key: SECRET.into(), ..Options::default() })
}

/// Runs s4 with an environment, and checks that nothing of what it says holds a secret.
#[track_caller]
fn says_none(machine: &Machine, args: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command: Command = machine.process(args);
    command.envs(variables.iter().copied()).stdin(std::process::Stdio::null());
    let ran = ran(&command.output().unwrap());
    for (stream, said) in [("stdout", &ran.out), ("stderr", &ran.err)] {
        assert!(!said.contains("hush"), "{args:?} says on {stream}: {said}");
    }
    format!("{}{}", ran.out, ran.err)
}

/// Every command, at its most talkative.
fn all_lines() -> Vec<Vec<&'static str>> {
    let lines = lines();
    assert_eq!(lines.len() + 2, COMMANDS.len(), "help and daemon have none");
    let talkative = [["-v"].as_slice(), &["--log-level", "DEBUG"]];
    let each = lines.into_values().flat_map(|line| {
        let text: Vec<&str> = line.iter().copied().filter(|word| *word != "--json").collect();
        [line, text].into_iter().zip(talkative).map(|(line, flags)| [&line[..], flags].concat())
    });
    each.collect()
}

fn configure(machine: &Machine, change: impl FnOnce(&mut Value)) {
    let mut config: Value = serde_json::from_slice(&fs::read(machine.config()).unwrap()).unwrap();
    change(&mut config["targets"][TARGET]);
    fs::write(machine.config(), config.to_string()).unwrap();
}

#[test]
fn no_command_shows_a_secret_that_works_or_one_that_does_not() {
    for secret in [SECRET, "hush/a/wrong+one"] {
        let (env, bucket) = (TestEnv::new(), bucket());
        let (one, _) = in_sync(&env, &bucket, &[("calm", "1"), ("edited", "2")]);
        one.write("new here", "3");
        configure(&one, |target| target["aws_secret_access_key"] = secret.into());
        for line in all_lines() {
            says_none(&one, &line, &[]);
        }
        let kept = fs::read_to_string(one.config()).unwrap();
        assert!(kept.contains(secret), "it was there to be shown: {kept}");
    }
}

#[test]
fn keys_from_the_environment_do_not_show_either() {
    let (env, bucket) = (TestEnv::new(), bucket());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
    configure(&one, |target| {
        let target = target.as_object_mut().unwrap();
        for field in ["aws_access_key_id", "aws_secret_access_key"] {
            target.remove(field);
        }
    });
    let keys = [
        ("AWS_ACCESS_KEY_ID", bucket.access_key()),
        ("AWS_SECRET_ACCESS_KEY", OF_THE_ENVIRONMENT),
        ("AWS_SESSION_TOKEN", TOKEN),
    ];
    for line in all_lines() {
        says_none(&one, &line, &keys);
    }
    for damaged in [
        format!("[default]\naws_access_key_id = A\naws_secret_access_key {OF_THE_ENVIRONMENT}\n"),
        format!("[default\naws_secret_access_key = {OF_THE_ENVIRONMENT}\n"),
        format!("[default]\naws_secret_access_key = {OF_THE_ENVIRONMENT}\n"),
        format!("[default]\ncredential_process = /bin/echo {{\"SecretAccessKey\": \"{OF_THE_ENVIRONMENT}\", 1}}\n"),
        format!("[default]\ncredential_process = /bin/false {OF_THE_ENVIRONMENT}\n"),
    ] {
        let file = one.path("credentials");
        fs::write(&file, damaged).unwrap();
        let file = file.to_str().unwrap();
        let variables = [("AWS_SHARED_CREDENTIALS_FILE", file), ("AWS_CONFIG_FILE", file)];
        let said = says_none(&one, &["sync", "-v"], &variables);
        assert!(said.contains("no credentials found"), "{said}");
    }
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    let (env, bucket) = (TestEnv::new(), bucket());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
    let host = bucket.endpoint().strip_prefix("http://").unwrap().to_owned();
    let fields = [
        ("endpoint_url", format!("http://me:{PASSWORD}@{host}")),
        ("endpoint_url", format!("me:{PASSWORD}@{host}")),
        ("s3_uri", format!("s3://KEY:{PASSWORD}@bucket/some/prefix")),
        ("s3_uri", format!("https://KEY:{PASSWORD}@{host}/bucket")),
    ];
    let good = fs::read(one.config()).unwrap();
    for (field, value) in &fields {
        configure(&one, |target| target[*field] = value.as_str().into());
        for line in all_lines() {
            says_none(&one, &line, &[]);
        }
        // Bare, edit shows what there is.
        let said = says_none(&one, &["edit", TARGET], &[]);
        assert!(said.contains("[hidden: it holds a key or a password]"), "{said}");
        let said = says_none(&one, &["targets"], &[]);
        assert!(said.contains(&format!("{field} must not hold a user name, a key or a password")), "{said}");
        fs::write(one.config(), &good).unwrap();
        let option = if *field == "s3_uri" { "--s3-uri" } else { "--endpoint-url" };
        says_none(&one, &["edit", TARGET, option, value], &[]);
        assert_eq!(fs::read(one.config()).unwrap(), good, "it is not taken");
    }
    configure(&one, |target| drop(target.as_object_mut().unwrap().remove("endpoint_url")));
    configure(&one, |target| drop(target.as_object_mut().unwrap().remove("aws_access_key_id")));
    configure(&one, |target| drop(target.as_object_mut().unwrap().remove("aws_secret_access_key")));
    let keys = [("AWS_ACCESS_KEY_ID", bucket.access_key()), ("AWS_SECRET_ACCESS_KEY", OF_THE_ENVIRONMENT)];
    for (_, endpoint) in &fields[..2] {
        let variables = [keys[0], keys[1], ("AWS_ENDPOINT_URL", endpoint)];
        says_none(&one, &["sync", "-v"], &variables);
        says_none(&one, &["scan", TARGET], &variables);
    }
}

#[test]
fn a_password_in_the_address_of_a_queue_is_refused_and_not_repeated() {
    let (env, bucket) = (TestEnv::new(), bucket());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
    let good = fs::read(one.config()).unwrap();
    for (url, problem) in [
        (format!("https://me:{PASSWORD}@host/1/q"), "must not hold a user name, a key or a password"),
        (format!("me:{PASSWORD}@host/1/q"), "must not hold a user name, a key or a password"),
        (format!("https://host/1/q?X-Amz-Signature={PASSWORD}"), "has characters that no address of a queue has"),
    ] {
        let said = says_none(&one, &["edit", TARGET, "--event-queue", &url], &[]);
        assert!(said.contains(&format!("the address of the event queue {problem}")), "{said}");
        assert_eq!(fs::read(one.config()).unwrap(), good, "it is not taken");
        configure(&one, |target| target["event_queue"] = url.into());
        for line in all_lines() {
            says_none(&one, &line, &[]);
        }
        let said = says_none(&one, &["targets"], &[]);
        assert!(said.contains(&format!("event_queue {problem}")), "{said}");
        fs::write(one.config(), &good).unwrap();
    }
}

#[test]
fn a_damaged_config_file_is_not_repeated() {
    let (env, bucket) = (TestEnv::new(), bucket());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
    let good = fs::read_to_string(one.config()).unwrap();
    let wrapped = |value: Value| json!({ "targets": { TARGET: value } }).to_string();
    let damaged = [
        good[..good.len() - 4].to_owned(),
        good[..good.find(SECRET).unwrap() + 6].to_owned(),
        good.replace(SECRET, &format!("{SECRET}\" \"")),
        good.replace(&format!("\"{SECRET}\""), SECRET),
        good.replace(SECRET, &format!("{SECRET}\\x")),
        good.replace(&format!("\"{SECRET}\""), &format!("[\"{SECRET}\"]")),
        good.replace(&format!("\"{SECRET}\""), &format!("{{\"{SECRET}\": 1}}")),
        wrapped(SECRET.into()),
        wrapped(json!([SECRET])),
        wrapped(json!({ "aws_secret_access_key": SECRET })),
        json!(SECRET).to_string(),
        json!({ "targets": SECRET }).to_string(),
        SECRET.to_owned(),
    ];
    for config in damaged {
        fs::write(one.config(), &config).unwrap();
        for line in [&["sync", "-v"][..], &["targets", "--json"], &["targets"], &["edit", TARGET], &["ls", TARGET]] {
            let said = says_none(&one, line, &[]);
            assert!(said.contains("error"), "{config}: {said}");
        }
    }
}

#[test]
fn what_is_typed_wrong_is_not_repeated() {
    let (env, bucket) = (TestEnv::new(), bucket());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
    let option = |name: &str| format!("--{name}={SECRET}");
    for line in [
        &["sync", &option("secret-access-key")][..],
        &["sync", "--secret-access-key", SECRET],
        &["add", &option("secret-acces-key")],
        &["add", "--secret-access-key", SECRET],
        &["edit", TARGET, "--secret-access-key", SECRET, "--no-such-option"],
        &["edit", TARGET, "--secret-access-key", SECRET, "--json"],
    ] {
        says_none(&one, line, &[]);
    }
}

#[test]
fn no_process_has_a_secret_among_its_arguments() {
    // Other tests give theirs to processes on purpose.
    let secret = "known/to+this/test";
    let bucket = Bucket::in_process_with(Options { secret_key: secret.into(), ..Options::default() });
    let env = TestEnv::new();
    let (one, two) = in_sync(&env, &bucket, &[("calm", "1"), ("fought over", "2")]);
    two.write("fought over", "theirs");
    two.sync();
    one.write("fought over", "mine");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    bucket.server().on_request(move |request| {
        if request.operation == Op::ListObjectsV2 {
            kept.lock().unwrap().extend(arguments());
        }
    });
    one.run(["sync", "--conflicts", "keep-both"]).with(0);
    bucket.server().clear_hook();
    let seen = seen.lock().unwrap();
    assert!(seen.iter().any(|arguments| arguments.contains("keep-both")), "it was looked for while s4 ran");
    assert!(!seen.iter().any(|arguments| arguments.contains(secret)), "{seen:?}");
}

/// The arguments of all processes.
fn arguments() -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path().join("cmdline")));
    processes.filter_map(|file| Some(String::from_utf8_lossy(&fs::read(file).ok()?).into_owned())).collect()
}

#[test]
fn the_config_file_is_never_synced() {
    let (env, bucket) = (TestEnv::new(), bucket());
    let one = env.machine(&bucket);
    let config = one.path("conf/[my] sync.conf");
    one.write("conf/other", "1");
    one.write("conf/.[my] sync.conf.12-3.tmp", "half of it");
    one.write(".syncignore", "!*.conf\n");
    fs::copy(one.config(), &config).unwrap();
    let link = one.path("").with_file_name("link.conf");
    std::os::unix::fs::symlink(&config, &link).unwrap();
    // Under another config file it is a file like any other; it leaves the bucket as soon as it is none.
    one.sync();
    assert!(bucket.tree().contains_key("conf/[my] sync.conf"));
    let mut left: Option<&[u8]> = None;
    for named in [&config, &link] {
        let sync = ["--config", named.to_str().unwrap(), "sync", TARGET];
        one.run(sync).with(0);
        let mut there = bucket.tree();
        assert_eq!(there.remove("conf/[my] sync.conf").as_deref(), left);
        assert_eq!(there.keys().collect::<Vec<_>>(), [".syncignore", "conf/other"]);
        let mine = fs::read(&config).unwrap();
        // As somebody has left it there who did not know.
        bucket.put("conf/[my] sync.conf", "another one's");
        left = Some(b"another one's");
        bucket.put(".syncignore", "# newer rules\n");
        one.run(sync).with(0);
        assert!(fs::read(&config).unwrap() == mine);
        bucket.put(".syncignore", "!*.conf\n");
        one.run(sync).with(0);
        assert!(fs::read(&config).unwrap() == mine);
    }
}
