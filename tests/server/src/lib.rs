//! An in-process S3 server for the tests of s4.
//!
//! It keeps everything in memory under one lock, so that a condition and the write that depends on it are one step, as
//! on S3 itself. It checks signatures, keeps keys as they are, counts requests, and lets a test look into it, change it
//! between any two requests, and break what it likes: see [`Server`] and [`Control`].
//!
//! ```
//! use s4_test_server::{Fault, FaultKind, Op, Options, Server};
//!
//! let server = Server::start(Options::default());
//! server.create_bucket("photos");
//! server.put_foreign("photos", "a.txt", "hello");
//! server.inject(Fault::new(FaultKind::slow_down()).on(Op::GetObject).times(2));
//! assert_eq!(server.objects("photos")["a.txt"].bytes, "hello");
//! assert_eq!(server.counts().total(), 0);
//! ```

mod api;
mod control;
mod fault;
mod op;
mod options;
mod server;
mod store;

pub use control::{Control, Counts, Request};
pub use fault::{Fault, FaultKind};
pub use op::Op;
pub use options::{Behaviour, Checksums, Conditions, ETags, Names, Options, Order};
pub use server::Server;
pub use store::StoredObject;
