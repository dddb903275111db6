//! Runs the test server by hand: prints its endpoint, access key id and secret, a line each, and serves until it is killed.

use std::io::{self, Write};

use clap::Parser;
use s4_test_server::{Options, Server};

/// An S3 server for tests: everything is in memory and gone when it stops
#[derive(Debug, Parser)]
struct Arguments {
    /// Port on the loopback address; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Bucket to create; may be given more than once
    #[arg(long)]
    bucket: Vec<String>,
    /// Keep versions in these buckets
    #[arg(long)]
    versioning: bool,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let server = Server::try_start(Options { port: arguments.port, ..Options::default() })?;
    for bucket in &arguments.bucket {
        server.create_bucket(bucket);
        server.set_versioning(bucket, arguments.versioning);
    }
    writeln!(io::stdout(), "{}\n{}\n{}", server.endpoint(), server.access_key(), server.secret_key())?;
    loop {
        std::thread::park();
    }
}
