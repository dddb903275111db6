//! What a run looks at that is told where to look, and what tells it.

use std::fs;
use std::sync::Mutex;

use futures::stream;
use s4::engine::{Carried, Hints, Look, Order, Way, has_edits, has_news};
use s4::key::Key;
use s4::local::Folder;
use s4::records;
use s4_test_server::{Op, Server};

use crate::converge::Machine;

fn bucket() -> Server {
    let server = Server::start(s4_test_server::Options::default());
    server.create_bucket("bucket");
    server
}

impl Machine {
    fn opened(&self) -> Folder {
        Folder::open(self.folder.path(), None).unwrap()
    }

    /// Whether another machine has written something down since this one looked.
    async fn has_news(&self) -> bool {
        has_news(&*self.store, &self.opened()).await.unwrap()
    }
}

fn paths(paths: &[&str]) -> Hints {
    Hints { paths: paths.iter().map(|path| (*path).to_owned()).collect(), ..Hints::default() }
}

#[tokio::test]
async fn an_object_that_somebody_speaks_of_is_asked_after_and_nothing_else() {
    let server = bucket();
    let mut here = Machine::new(0, &server).await;
    for name in ["a", "b", "c", "d"] {
        fs::write(here.path(name), name).unwrap();
    }
    here.sync().await;
    server.put_foreign("bucket", "p/b", "changed by another tool");
    server.put_foreign("bucket", "p/new", "made by another tool");
    assert!(server.remove_foreign("bucket", "p/c"));
    assert!(!here.has_news().await, "no index tells of it");
    server.reset_counts();
    let objects = ["b", "new", "c", "a", "none"].map(str::to_owned).into();
    let (engine, lock) = here.engine();
    let hints = Hints { objects, ..Hints::default() };
    let summary = engine.sync_where(&Look::Hints(hints), &mut None).await.unwrap();
    drop((engine, lock));
    assert!(!summary.everything && summary.failed.is_empty(), "{summary:?}");
    assert_eq!(fs::read_to_string(here.path("b")).unwrap(), "changed by another tool");
    assert_eq!(fs::read_to_string(here.path("new")).unwrap(), "made by another tool");
    assert!(!here.path("c").exists() && here.path("a").exists());
    assert_eq!(server.counts().of(Op::ListObjectsV2), 0);
}

#[tokio::test]
async fn what_a_run_wrote_itself_is_no_edit_and_all_else_is() {
    let server = bucket();
    let (mut here, mut there) = (Machine::new(0, &server).await, Machine::new(2, &server).await);
    fs::create_dir(there.path("in")).unwrap();
    for name in ["a", "b", "in/c", "in/d"] {
        fs::write(there.path(name), name).unwrap();
    }
    there.sync().await;
    let mut kept = None;
    // A file as new as the index may have been edited: each round writes the index anew, and the clock ticks on.
    for round in 0.. {
        fs::write(here.path("round"), round.to_string()).unwrap();
        let (engine, lock) = here.engine();
        engine.sync_where(&Look::Everything, &mut kept).await.unwrap();
        drop((engine, lock));
        if !has_edits(&here.opened(), &paths(&["a", "b", "in"]), kept.as_ref()).unwrap() {
            break;
        }
    }
    let edits = |here: &Machine, names: &[&str]| has_edits(&here.opened(), &paths(names), kept.as_ref()).unwrap();
    assert!(!edits(&here, &["a", "b", "in", "none", ".s4/x"]));
    assert!(edits(&here, &[""]) && edits(&here, &[".syncignore"]), "that may mean anything");
    assert!(has_edits(&here.opened(), &paths(&["a"]), None).unwrap(), "nothing is remembered");
    fs::write(here.path("a"), "A").unwrap();
    fs::remove_file(here.path("in/c")).unwrap();
    assert!(edits(&here, &["a"]) && edits(&here, &["in/c"]) && edits(&here, &["in"]) && !edits(&here, &["b", "in/d"]));
    fs::write(here.path("in/e"), "e").unwrap();
    assert!(edits(&here, &["in/e"]));
    here.sync().await;
    assert!(has_edits(&here.opened(), &paths(&["b"]), kept.as_ref()).unwrap(), "another run has written since");
}

/// One machine has edits of its own, and another one has written down since what it did.
async fn with_news(server: &Server) -> Machine {
    let (mut here, mut there) = (Machine::new(0, server).await, Machine::new(2, server).await);
    for name in ["a", "b", "c", "d"] {
        fs::write(here.path(name), name).unwrap();
    }
    here.sync().await;
    assert!(!here.has_news().await);
    there.sync().await;
    fs::write(there.path("e"), "e").unwrap();
    there.sync().await;
    assert!(here.has_news().await);
    fs::write(here.path("f"), "f").unwrap();
    here
}

/// The news are still there, and come with the next sync.
async fn still_has_news(mut here: Machine) {
    assert!(here.has_news().await, "the edit of the other machine is not here yet");
    here.sync().await;
    assert!(here.path("e").is_file() && !here.has_news().await);
}

#[tokio::test]
async fn what_is_recorded_by_hand_hides_no_news_of_others() {
    let server = bucket();
    let mut here = with_news(&server).await;
    let told = Mutex::new(Vec::new());
    let tell = |carried: Carried| {
        let Carried::Ended(planned, result) = carried else { panic!("{carried:?}") };
        told.lock().unwrap().extend(records::told(records::outcome(&planned, &result)).unwrap());
    };
    let (engine, lock) = here.engine();
    let order = Order::Key(Key::parse("f").unwrap());
    engine.carry(Way::Push, stream::iter([order]), &tell).await.unwrap();
    assert_eq!(engine.record(told.into_inner().unwrap()).await.unwrap().remote, 1);
    drop((engine, lock));
    still_has_news(here).await;
}

#[tokio::test]
async fn a_sync_of_a_few_keys_hides_no_news_of_others() {
    let server = bucket();
    let mut here = with_news(&server).await;
    let (engine, lock) = here.engine();
    let summary = engine.sync_keys(vec![Key::parse("f").unwrap()]).await.unwrap();
    assert_eq!((summary.done.len(), summary.failed.len()), (1, 0));
    drop((engine, lock));
    still_has_news(here).await;
}
