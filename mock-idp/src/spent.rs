//! What may be used once only: codes and refresh tokens that were used, grants and sessions that were ended.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// So many stay without a look at which have expired.
const SWEEP_AT: usize = 10_000;

/// More than a test can use; beyond it those that expire first go first, so that memory stays bounded.
const MOST: usize = 200_000;

/// Identifiers with the time from which nobody asks for them any more.
pub(crate) struct Spent(Mutex<Table>);

struct Table {
    expiries: HashMap<String, i64>,
    sweep_at: usize,
}

impl Default for Spent {
    fn default() -> Self {
        Self(Mutex::new(Table { expiries: HashMap::new(), sweep_at: SWEEP_AT }))
    }
}

impl Spent {
    /// Marks `id` as used until `expires`; false if it was before. Times in seconds since 1970.
    pub(crate) fn spend(&self, id: &str, expires: i64, now: i64) -> bool {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.expiries.len() >= table.sweep_at {
            table.sweep(now, MOST);
        }
        table.expiries.insert(id.to_owned(), expires).is_none()
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).expiries.contains_key(id)
    }
}

impl Table {
    /// The next sweep comes when the table has doubled, so that the cost of one is shared by many.
    fn sweep(&mut self, now: i64, most: usize) {
        self.expiries.retain(|_, expires| *expires >= now);
        if self.expiries.len() >= most {
            let mut expiries: Vec<i64> = self.expiries.values().copied().collect();
            let (_, median, _) = expiries.select_nth_unstable(most / 2);
            let median = *median;
            let mut to_drop = self.expiries.len() - most / 2;
            self.expiries.retain(|_, expires| {
                let drops = *expires <= median && to_drop > 0;
                to_drop -= usize::from(drops);
                !drops
            });
        }
        self.sweep_at = (self.expiries.len() * 2).max(SWEEP_AT).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_spent_once_only() {
        let spent = Spent::default();

        assert!(spent.spend("a", 60, 0));
        assert!(!spent.spend("a", 60, 0));
        assert!(spent.contains("a") && !spent.contains("b"));
    }

    #[test]
    fn of_many_threads_exactly_one_spends() {
        let spent = Spent::default();

        let won = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..16).map(|_| scope.spawn(|| spent.spend("code", 60, 0))).collect();
            tries.into_iter().map(|tried| tried.join().unwrap()).filter(|won| *won).count()
        });

        assert_eq!(won, 1);
    }

    #[test]
    fn what_has_expired_is_forgotten_and_what_has_not_is_kept() {
        let spent = Spent::default();
        spent.spend("long", 1_000, 0);
        for id in 0..SWEEP_AT - 1 {
            spent.spend(&id.to_string(), 60, 0);
        }

        spent.spend("later", 1_000, 61);

        assert!(spent.contains("long"));
        assert_eq!(spent.0.lock().unwrap().expiries.len(), 2);
    }

    #[test]
    fn the_table_does_not_grow_beyond_its_bound() {
        let expiries = (0..100).map(|id| (id.to_string(), id)).collect();
        let mut table = Table { expiries, sweep_at: 100 };

        table.sweep(0, 100);

        assert_eq!(table.expiries.len(), 50);
        assert!(table.expiries.contains_key("99") && !table.expiries.contains_key("0"));
    }
}
