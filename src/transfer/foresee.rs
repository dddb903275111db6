//! What big contents will take that may move only in part: for whoever foretells what a sync costs.
//!
//! It goes by the same rules as the transfers, and asks no server: what records say of earlier runs is taken for true.

use std::collections::HashMap;

use super::Carrier;
use super::cut::MOST_COPIED;
use crate::key::Key;
use crate::reconcile::{Action, Item, Planned};
use crate::remote::{CountsSnapshot, ObjectStore};

/// Parts that one request lists.
const PARTS_LISTED: usize = 1_000;

/// What the big contents of a plan will take.
#[derive(Debug, Default)]
pub struct Foreseen {
    /// What the transfer of a key asks of the server; others than these are moved as a whole.
    pub moves: HashMap<Key, CountsSnapshot>,
    /// Uploads of earlier runs that will be given up.
    pub given_up: u64,
}

impl<S: ObjectStore> Carrier<S> {
    /// Foresees what big contents will take. `reads`: files of which the bucket may have a part are read for that, as the transfer
    /// itself will; else they count as sent whole.
    pub async fn foresee<'p>(&self, actions: impl Iterator<Item = &'p Planned>, reads: bool) -> Foreseen {
        let mut foreseen = Foreseen::default();
        let mut left = self.begun_uploads() as u64;
        for planned in actions {
            let item = &planned.item;
            let moves = match planned.action {
                Action::Push if planned.source.is_some() => self.foresee_copy(item),
                Action::Pull if planned.source.is_some() => None,
                Action::Push => self.foresee_push(item, reads).await,
                Action::Pull => self.foresee_pull(item),
                _ => None,
            };
            if let Some(moves) = moves {
                // It goes on with one.
                left = left.saturating_sub(u64::from(moves.list > 0));
                foreseen.moves.insert(item.key.clone(), moves);
            }
        }
        foreseen.given_up = left;
        foreseen
    }

    async fn foresee_push(&self, item: &Item, reads: bool) -> Option<CountsSnapshot> {
        let stat = item.local.as_ref()?.stat;
        if stat.size < self.cut.threshold {
            return None;
        }
        let changed = if reads { self.foresee_pieces(item, &stat).await } else { None };
        let mut moves = CountsSnapshot {
            // Its end.
            put: 1,
            // Of what was put together, the server is asked for the sum.
            head: u64::from(changed.is_some()),
            ..CountsSnapshot::default()
        };
        let pieces = changed.unwrap_or_else(|| self.cut.pieces(stat.size));
        let there = self.noted_parts(item, &stat, &pieces);
        match &there {
            Some(parts) => moves.list = parts.len().div_ceil(PARTS_LISTED).max(1) as u64,
            None => moves.put += 1,
        }
        let there = there.unwrap_or_default();
        for (_, piece) in (1..).zip(pieces).filter(|(number, _)| !there.contains(number)) {
            if piece.copied {
                moves.copy += 1;
            } else {
                moves.put += 1;
                moves.bytes_up += piece.length;
            }
        }
        Some(moves)
    }

    /// A copy of what no server copies at once.
    fn foresee_copy(&self, item: &Item) -> Option<CountsSnapshot> {
        let size = item.local.as_ref()?.stat.size;
        let copy = self.cut.copies(size).count() as u64;
        // It begins and ends, and the server is asked for the sum of what came of it.
        (size > MOST_COPIED).then(|| CountsSnapshot { put: 2, copy, head: 1, ..CountsSnapshot::default() })
    }

    fn foresee_pull(&self, item: &Item) -> Option<CountsSnapshot> {
        let there = item.remote.as_ref().filter(|there| there.size >= self.cut.threshold)?;
        let shared = self.shared(item, there).map(|shared| shared.rest);
        let mut ranges = shared.unwrap_or_else(|| self.cut.parts(there.size).collect());
        let noted = self.noted_ranges(&item.key, there);
        ranges.retain(|range| !noted.contains(range));
        Some(CountsSnapshot {
            get: ranges.len() as u64,
            // Where nothing is left to fetch, the object is asked after.
            head: u64::from(ranges.is_empty()),
            bytes_down: ranges.iter().map(|(_, length)| length).sum(),
            ..CountsSnapshot::default()
        })
    }
}
