//! Runs the test server by hand: prints its endpoint, access key id and secret, a line each, and serves until it is killed.
//!
//! Orders come on standard input, a line each, and are answered with a line of JSON: `counts` tells what was asked since
//! the last time, `etag BUCKET KEY` which content an object has, and `latency MS` lets every request from now on wait so many
//! milliseconds.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use clap::Parser;
use s4_test_server::{Counts, Options, Server};

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
    for order in io::stdin().lock().lines() {
        writeln!(io::stdout(), "{}", carry_out(&server, &order?))?;
    }
    loop {
        std::thread::park();
    }
}

fn carry_out(server: &Server, order: &str) -> String {
    let words: Vec<&str> = order.split_whitespace().collect();
    if let ["etag", bucket, key] = words[..] {
        let etag =
            server.object(bucket, key).map_or_else(|| "null".to_owned(), |object| format!("\"{}\"", object.etag));
        return format!("{{\"etag\":{etag}}}");
    }
    match (words[..].first(), words.get(1).and_then(|word| word.parse().ok())) {
        (Some(&"counts"), _) => {
            let counts = server.counts();
            server.reset_counts();
            json(&counts)
        }
        (Some(&"latency"), Some(milliseconds)) => {
            server.change(|behaviour| behaviour.latency = Duration::from_millis(milliseconds));
            "{}".to_owned()
        }
        _ => "{\"error\":\"the orders are: counts, etag BUCKET KEY, latency MS\"}".to_owned(),
    }
}

fn json(counts: &Counts) -> String {
    let operations: Vec<String> = counts.operations.iter().map(|(op, times)| format!("\"{op}\":{times}")).collect();
    let Counts { unknown, not_modified, bytes_in, bytes_out, .. } = counts;
    format!(
        "{{\"operations\":{{{}}},\"unknown\":{unknown},\"not_modified\":{not_modified},\"bytes_in\":{bytes_in},\"bytes_out\":{bytes_out}}}",
        operations.join(",")
    )
}
