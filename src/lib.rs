//! s4: folders on several machines kept in sync through an S3 bucket.

pub mod ambient;
pub mod content;
pub mod engine;
pub mod index;
pub mod key;
pub mod local;
pub mod reconcile;
pub mod remote;
pub mod transfer;
