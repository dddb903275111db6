//! The address of a queue of events, as options and the config file have it.

use crate::secret::holds_keys;

/// Checks the address of an SQS queue: `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, or that of another server with at least
/// the queue's name behind it.
///
/// # Errors
///
/// What is wrong with it; never with the address itself, which may hold a password.
pub fn check_queue(url: &str) -> Result<(), &'static str> {
    if holds_keys(url) {
        return Err("must not hold a user name, a key or a password");
    }
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let (host, path) = match rest {
        None => return Err("does not begin with http:// or https://"),
        Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
    };
    if host.is_empty() {
        Err("names no server")
    } else if path.is_empty() || path.split('/').any(str::is_empty) {
        Err("does not end with the name of a queue")
    } else if !url.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/[]".contains(&byte)) {
        // Nor a query: what is in one may be a signature.
        Err("has characters that no address of a queue has")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_server_and_a_name() {
        for url in [
            "https://sqs.eu-west-1.amazonaws.com/123456789012/s4-laptop",
            "https://vpce-1a2b.sqs.eu-west-1.vpce.amazonaws.com/123456789012/s4_laptop",
            "http://127.0.0.1:5000/q",
            "http://[::1]:5000/000000000000/q",
        ] {
            assert_eq!(check_queue(url), Ok(()), "{url}");
        }
        for (url, problem) in [
            ("", "does not begin with http:// or https://"),
            ("s4-laptop", "does not begin with http:// or https://"),
            ("arn:aws:sqs:eu-west-1:123456789012:s4", "does not begin with http:// or https://"),
            ("https://", "names no server"),
            ("https:///q", "names no server"),
            ("https://sqs.eu-west-1.amazonaws.com", "does not end with the name of a queue"),
            ("https://sqs.eu-west-1.amazonaws.com/", "does not end with the name of a queue"),
            ("https://sqs.eu-west-1.amazonaws.com/1/q/", "does not end with the name of a queue"),
            ("https://sqs.eu-west-1.amazonaws.com//q", "does not end with the name of a queue"),
            ("https://me:hush@host/1/q", "must not hold a user name, a key or a password"),
            ("me:hush@host/1/q", "must not hold a user name, a key or a password"),
            ("https://host/1/q?X-Amz-Signature=hush", "has characters that no address of a queue has"),
            ("https://host/1/q\u{1b}[31m", "has characters that no address of a queue has"),
            ("https://host/1/my queue", "has characters that no address of a queue has"),
        ] {
            assert_eq!(check_queue(url), Err(problem), "{url}");
        }
    }
}
