//! A target whose index, lock and staging are elsewhere.

use std::fs;

use crate::support::{Bucket, Machine, TARGET, TestEnv, tree};

/// A second target on the machine's folder, in another place in the bucket and with its state elsewhere.
fn second_target(machine: &Machine, bucket: &Bucket, name: &str) {
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(machine.config()).unwrap()).unwrap();
    let mut target = config["targets"][TARGET].clone();
    target["s3_uri"] = format!("s3://{}/{name}", bucket.name()).into();
    target["state_folder"] = machine.path("").with_file_name(format!("state of {name}")).to_str().unwrap().into();
    config["targets"][name] = target;
    fs::write(machine.config(), config.to_string()).unwrap();
}

fn keys_below(bucket: &Bucket, prefix: &str) -> Vec<String> {
    let objects = bucket.server().objects(bucket.name());
    objects.into_keys().filter_map(|key| Some(key.strip_prefix(prefix)?.to_owned())).collect()
}

#[test]
fn two_targets_on_one_folder_do_not_disturb_each_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    second_target(&one, &bucket, "backup");
    for (key, text) in [("a", "1"), ("b/c", "2"), ("calm", "")] {
        one.write(key, text);
    }
    one.run(["sync"]).with(0);
    for prefix in ["some/prefix/", "backup/"] {
        assert_eq!(keys_below(&bucket, prefix), [".index", "a", "b/c", "calm"]);
    }
    one.write("a", "edited");
    one.remove("b");
    one.run(["sync"]).with(0);
    let a = |prefix: &str| bucket.server().object(bucket.name(), &format!("{prefix}a")).unwrap().bytes;
    for prefix in ["some/prefix/", "backup/"] {
        assert_eq!((keys_below(&bucket, prefix).len(), a(prefix).as_ref()), (3, &b"edited"[..]), "{prefix}");
    }
    // What comes in through one goes out through the other.
    bucket.server().put_foreign(bucket.name(), "backup/from there", "3");
    one.run(["sync"]).with(0);
    one.run(["sync"]).with(0);
    assert_eq!(keys_below(&bucket, "some/prefix/"), [".index", "a", "calm", "from there"]);
    assert_eq!(one.tree(), tree(&[("a", "edited"), ("calm", ""), ("from there", "3")]));
    let ran = one.run(["sync"]).with(0);
    assert_eq!(ran.out.matches("Nothing to update").count(), 2, "{}", ran.out);
}

#[test]
fn two_targets_on_one_folder_and_one_index_are_refused() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    second_target(&one, &bucket, "backup");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(one.config()).unwrap()).unwrap();
    config["targets"]["backup"]["state_folder"] = serde_json::Value::Null;
    fs::write(one.config(), config.to_string()).unwrap();
    one.write("a", "1");
    let ran = one.run(["sync"]).with(1);
    ran.warns("both use the same folder, and would use one index");
    ran.warns("a second target on the same folder needs --state-folder");
    assert_eq!(bucket.server().objects(bucket.name()).len(), 0);
}

#[test]
fn a_read_only_folder_can_be_pushed() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    one.write("b/c", "2");
    let state = one.path("").with_file_name("state");
    one.set("state_folder", state.to_str().unwrap());
    one.set_mode("b", 0o555);
    one.set_mode("", 0o555);
    let push = || one.run_unprivileged(&["sync", TARGET]);
    let ran = push();
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(bucket.tree(), one.tree());
    assert!(push().closing().starts_with("Nothing to update in "));
    // What would have to be written here fails, and deletes nothing there.
    bucket.put("theirs", "3");
    let ran = push();
    assert_eq!((ran.code, bucket.tree().len()), (4, 3), "{}", ran.err);
    ran.warns("could not sync \"theirs\": no permission for '");
    one.set_mode("", 0o755);
    one.set_mode("b", 0o755);
    let everything = one.everything();
    assert_eq!(everything.into_keys().collect::<Vec<_>>(), ["a", "b/c"], "nothing of s4's own is in the folder");
    assert!(state.join(".index").is_file());
    push().with(0);
    assert_eq!(bucket.tree(), one.tree());
}

#[test]
fn a_state_folder_inside_of_the_folder_is_refused() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.set("state_folder", one.path("sub/state").to_str().unwrap());
    one.write("a", "1");
    one.sync_with(&[]).with(1).warns("state_folder is inside of local_folder: it would be synced\n");
    assert_eq!((bucket.tree().len(), one.everything()), (0, tree(&[("a", "1")])));
}
