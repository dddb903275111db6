//! Networks that stall, break, and come back: s4 goes on where it can, and else ends in bounded time with a sentence.

use std::time::Duration;

use crate::support::{Bucket, Machine, Proxy, Ran, TARGET, TestEnv, Trouble, ran};

/// Nothing here takes as long; a sync that does hangs.
const FOREVER: Duration = Duration::from_secs(300);

/// A machine that reaches its bucket through a network, after a first sync.
fn setting() -> (TestEnv, Bucket, Proxy, Machine) {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (proxy, machine) = (Proxy::before(&bucket), env.machine(&bucket));
    machine.set("endpoint_url", proxy.endpoint());
    machine.write("calm", "");
    sync(&machine).with(0);
    (env, bucket, proxy, machine)
}

/// A sync that has little patience.
fn sync(machine: &Machine) -> Ran {
    let mut sync = machine.s4(["sync", TARGET]);
    sync.env("S4_TIMEOUT", "1").timeout(FOREVER);
    ran(&sync.output().unwrap())
}

/// Checks that after all is well again a plain sync ends it, with nothing lost on the way.
#[track_caller]
fn comes_to_its_end(machine: &Machine, bucket: &Bucket) {
    let files = machine.tree();
    sync(machine).with(0);
    assert!(bucket.tree() == machine.tree());
    assert!(files.iter().all(|(key, bytes)| machine.read(key).as_ref() == Some(bytes)));
    assert!(machine.has_nothing_staged());
    assert_eq!(bucket.server().uploads(bucket.name()), []);
    machine.is_idle();
}

/// Tries them all at the same time: each is mostly waiting.
fn at_once<T: Send, const N: usize>(all: [T; N], one: impl Fn(T) + Send + Copy) {
    std::thread::scope(|scope| {
        let tried = all.map(|each| scope.spawn(move || one(each)));
        tried.into_iter().for_each(|tried| tried.join().unwrap());
    });
}

/// More than the system takes on behalf of a connection that nobody reads from.
const BIG: usize = 15 << 20;

#[test]
fn a_request_that_goes_wrong_once_is_made_again() {
    let troubles = [
        ("HTTP", Trouble::Broken),
        ("list-type=2", Trouble::Silence),
        ("list-type=2", Trouble::AnswerStops(300)),
        ("list-type=2", Trouble::AnswerBreaks(300)),
        ("GET /bucket/some/prefix/.index", Trouble::Silence),
        ("GET /bucket/some/prefix/theirs", Trouble::AnswerStops(1 << 20)),
        ("GET /bucket/some/prefix/theirs", Trouble::AnswerBreaks(1 << 20)),
        ("PUT /bucket/some/prefix/ours", Trouble::Deafness),
        ("PUT /bucket/some/prefix/ours", Trouble::Silence),
        ("PUT /bucket/some/prefix/ours", Trouble::BreaksAfter(1 << 20)),
        ("PUT /bucket/some/prefix/ours", Trouble::AnswerStops(20)),
        ("PUT /bucket/some/prefix/.index", Trouble::AnswerBreaks(20)),
        ("PUT /bucket/some/prefix/.index", Trouble::Silence),
    ];
    let one = |(text, trouble): (&str, Trouble)| {
        let (_env, bucket, proxy, machine) = setting();
        // It is written by another machine, so that the index has changed too.
        bucket.put("theirs", vec![b't'; 2 << 20]);
        machine.write("ours", vec![b'o'; if trouble == Trouble::Deafness { BIG } else { 2 << 20 }]);
        proxy.trouble(text, trouble, 1);
        let ran = sync(&machine);
        assert_eq!((ran.code, proxy.calm()), (0, 1), "{text}, {trouble:?}: {ran:?}");
        assert!(bucket.tree() == machine.tree() && machine.tree().len() == 3, "{text}, {trouble:?}");
        comes_to_its_end(&machine, &bucket);
    };
    at_once(troubles, one);
}

#[test]
fn a_server_that_never_answers_is_told_and_not_waited_for_without_end() {
    let one = |trouble| {
        let (_env, bucket, proxy, machine) = setting();
        machine.write("ours", "1");
        proxy.trouble("list-type=2", trouble, 1_000);
        let ran = sync(&machine).with(1);
        ran.warns("error: cannot use s3://bucket/some/prefix\n");
        let sentence = format!("caused by: cannot reach the server: {}: no answer in time\n", proxy.endpoint());
        ran.warns(&sentence);
        ran.warns("hint: look at the network, and at the address: s4 edit files --endpoint-url URL\n");
        assert!(proxy.calm() > 1, "it was tried again");
        comes_to_its_end(&machine, &bucket);
    };
    at_once([Trouble::Silence, Trouble::AnswerStops(300), Trouble::Deafness], one);
}

#[test]
fn a_body_that_nobody_takes_fails_its_key_and_no_other() {
    for (size, trouble) in [(BIG, Trouble::Deafness), (40 << 20, Trouble::Deafness), (BIG, Trouble::BreaksAfter(9_999))]
    {
        let (_env, bucket, proxy, machine) = setting();
        machine.write("big", vec![b'x'; size]);
        machine.write("small", "1");
        proxy.trouble("PUT /bucket/some/prefix/big", trouble, 1_000);
        let ran = sync(&machine).with(4);
        ran.warns("warning: could not sync \"big\": cannot reach the server: ");
        proxy.calm();
        assert_eq!(bucket.tree().into_keys().collect::<Vec<_>>(), ["calm", "small"]);
        // What is in parts stays, to be gone on with.
        assert_eq!(bucket.uploads().len(), usize::from(size > BIG));
        comes_to_its_end(&machine, &bucket);
    }
}

#[test]
fn a_body_that_stops_in_its_middle_never_gets_a_name() {
    for size in [BIG, 40 << 20] {
        let (_env, bucket, proxy, machine) = setting();
        bucket.put("big", vec![b'x'; size]);
        bucket.put("small", "1");
        proxy.trouble("GET /bucket/some/prefix/big", Trouble::AnswerStops(1 << 20), 1_000);
        let ran = sync(&machine).with(4);
        ran.warns("warning: could not sync \"big\": cannot reach the server: ");
        proxy.calm();
        assert_eq!(machine.tree().into_keys().collect::<Vec<_>>(), ["calm", "small"]);
        assert!(machine.has_nothing_staged());
        comes_to_its_end(&machine, &bucket);
    }
}

#[test]
fn a_network_that_goes_away_is_gone_on_with_when_it_is_back() {
    // For a moment: the run itself goes on.
    let (_env, bucket, proxy, machine) = setting();
    (0..50).for_each(|number| machine.write(&format!("f{number}"), number.to_string()));
    proxy.trouble("HTTP", Trouble::Broken, 60);
    let ran = sync(&machine);
    assert!([0, 1, 4].contains(&ran.code), "{ran:?}");
    proxy.calm();
    comes_to_its_end(&machine, &bucket);
    // For good, from some request on: what was done is known, and the next sync does the rest.
    for passed in ["PUT /bucket/some/prefix/g1", "PUT /bucket/some/prefix/.index"] {
        (0..50).for_each(|number| machine.write(&format!("g{number}"), format!("{passed} {number}")));
        proxy.trouble(passed, Trouble::Broken, 1_000);
        let ran = sync(&machine);
        assert!([1, 4].contains(&ran.code), "{ran:?}");
        ran.warns("cannot reach the server: ");
        assert!(proxy.calm() > 1);
        comes_to_its_end(&machine, &bucket);
    }
}

#[test]
fn a_patience_that_makes_no_sense_is_refused() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    for variable in ["S4_TIMEOUT", "S4_LOCK_WAIT"] {
        let mut sync = machine.s4(["sync", TARGET]);
        let ran = ran(&sync.env(variable, "soon").output().unwrap()).with(2);
        ran.warns(&format!("error: {variable} is no number of seconds up to a day\n"));
    }
}
