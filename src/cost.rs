//! What requests cost, and how many a plan will make.

use crate::reconcile::{Action, Plan};
use crate::remote::CountsSnapshot;
use crate::transfer::Cut;

/// Prices of 1,000 requests in millionths of a US dollar: S3 Standard in us-east-1, 2026.
const PRICES: Prices = Prices { write_or_list: 5_000, read: 400 };

struct Prices {
    /// PUT, COPY, POST and LIST.
    write_or_list: u64,
    /// GET and HEAD.
    read: u64,
}

/// What the requests cost in US dollars; deletes cost nothing.
pub fn dollars(counts: &CountsSnapshot) -> f64 {
    let micro =
        (counts.put + counts.copy + counts.list) * PRICES.write_or_list + (counts.get + counts.head) * PRICES.read;
    micro as f64 / 1_000.0 / 1_000_000.0
}

/// The requests that carrying out `plan` takes, on top of those that were made to plan it.
pub fn foretell(plan: &Plan) -> CountsSnapshot {
    let mut counts = CountsSnapshot::default();
    let mut deletions = 0;
    for planned in plan.actions() {
        let size = planned.item.local.as_ref().map_or(0, |local| local.stat.size);
        let remote = planned.item.remote.as_ref().map_or(0, |remote| remote.size);
        match planned.action {
            Action::Push if planned.source.is_some() => counts.copy += 1,
            Action::Push => {
                counts.put += requests(size, 2);
                counts.bytes_up += size;
            }
            Action::Pull if planned.source.is_some() => {}
            Action::Pull | Action::KeepBoth => {
                counts.get += requests(remote, 0);
                counts.bytes_down += remote;
            }
            Action::DeleteRemote => deletions += 1_u64,
            Action::MoveAside if planned.item.local.is_none() => {
                counts.copy += 1;
                deletions += 1;
            }
            Action::DeleteLocal | Action::MoveAside | Action::Adopt | Action::Forget | Action::Conflict => {}
        }
    }
    counts.delete = deletions.div_ceil(1_000);
    let pushed = counts.put + counts.copy;
    if pushed > 0 {
        // The new objects' `LastModified`: a HEAD each, or a page of a listing for many.
        counts.head += if pushed < 12 { pushed } else { 0 };
        counts.list += if pushed < 12 { 0 } else { pushed.div_ceil(1_000) };
    }
    if pushed + deletions > 0 {
        counts.put += 1;
    }
    counts
}

/// Requests to move an object: one, or one a part and `around` more.
fn requests(size: u64, around: u64) -> u64 {
    let cut = Cut::default();
    if size < cut.threshold { 1 } else { cut.parts(size).count() as u64 + around }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_uploads_cost_five_dollars_and_reads_a_twelfth() {
        let writes = CountsSnapshot { put: 1_000_000, ..CountsSnapshot::default() };
        assert!((dollars(&writes) - 5.0).abs() < 1e-9);
        let reads = CountsSnapshot { get: 1_000_000, delete: 1_000_000, ..CountsSnapshot::default() };
        assert!((dollars(&reads) - 0.4).abs() < 1e-9);
    }

    #[test]
    fn big_objects_take_a_request_a_part() {
        assert_eq!(requests(4_096, 2), 1);
        assert_eq!(requests(Cut::default().threshold * 4, 2), 6);
    }
}
