//! s4: folders on several machines kept in sync through an S3 bucket.
pub mod content;
pub mod key;
pub mod local;
pub mod remote;
