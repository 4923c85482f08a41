//! Scheduling context: a budget for each period, given back in pieces ("refills").
//!
//! As Microkit configures seL4: two refills, constant bandwidth; budget equal to period means round
//! robin. Times are ticks of the physical counter.
use heapless::Deque;

use crate::queue::ThreadId;
use crate::reply::ReplyId;

/// Ticks in a microsecond: QEMU's counter runs at 62.5 MHz.
pub const TICKS_PER_TWO_MICROSECONDS: u64 = 125;
/// Ticks a thread must have left to enter the kernel and leave it (twice 10 microseconds).
pub const MINIMUM_BUDGET: u64 = ticks(20);
const REFILLS: usize = 2;

/// Microseconds as ticks.
#[must_use]
pub const fn ticks(microseconds: u64) -> u64 {
    microseconds.saturating_mul(TICKS_PER_TWO_MICROSECONDS) / 2
}

/// Time that may be used from a given moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refill {
    /// When it may be used.
    pub time: u64,
    /// How much it is.
    pub amount: u64,
}

/// A scheduling context. Index in its table: the thread that it was made for.
#[derive(Debug)]
pub struct SchedContext {
    /// 0: round robin.
    period: u64,
    refills: Deque<Refill, REFILLS>,
    /// The thread that runs on it now.
    pub thread: Option<ThreadId>,
    /// The newest reply of the call chain that it was passed along.
    pub reply: Option<ReplyId>,
    /// Whether it is bound to its owner's notification (passive PD after its start).
    pub bound_to_notification: bool,
}

/// Index of a scheduling context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedContextId(pub u8);

impl SchedContextId {
    /// Index into the table.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl SchedContext {
    /// One with its whole budget from `now` on; budget and period in microseconds.
    #[must_use]
    pub fn new(budget: u64, period: u64, now: u64, thread: ThreadId) -> Self {
        let mut context = Self {
            period: if budget == period { 0 } else { ticks(period) },
            refills: Deque::new(),
            thread: Some(thread),
            reply: None,
            bound_to_notification: false,
        };
        context.push(Refill {
            time: now,
            amount: ticks(budget),
        });
        if context.is_round_robin() {
            // The second refill counts what was used of the first.
            context.push(Refill {
                time: now,
                amount: 0,
            });
        }
        context
    }

    /// Whether budget equals period.
    #[must_use]
    pub fn is_round_robin(&self) -> bool {
        self.period == 0
    }

    /// The refill in use.
    #[must_use]
    pub fn head(&self) -> Refill {
        self.refills.front().copied().unwrap_or(Refill {
            time: u64::MAX,
            amount: 0,
        })
    }

    /// Whether the head may be used now.
    #[must_use]
    pub fn is_ready(&self, now: u64) -> bool {
        self.head().time <= now
    }

    /// Whether enough is left after `usage`.
    #[must_use]
    pub fn is_sufficient(&self, usage: u64) -> bool {
        self.head()
            .amount
            .checked_sub(usage)
            .is_some_and(|left| left >= MINIMUM_BUDGET)
    }

    /// Books time that was used while the head was sufficient.
    pub fn commit(&mut self, usage: u64) {
        if usage == 0 {
            return;
        }
        if self.is_round_robin() {
            if let Some(head) = self.refills.front_mut() {
                head.amount = head.amount.saturating_sub(usage);
            }
            if let Some(tail) = self.refills.back_mut() {
                tail.amount = tail.amount.saturating_add(usage);
            }
        } else {
            self.charge(usage);
        }
    }

    /// Books the end of a time slice.
    pub fn end_slice(&mut self, usage: u64) {
        if self.is_round_robin() {
            let total = self.refills.iter().map(|refill| refill.amount).sum();
            if let Some(head) = self.refills.front_mut() {
                head.amount = total;
            }
            if let Some(tail) = self.refills.back_mut() {
                tail.amount = 0;
            }
        } else {
            self.charge(usage);
        }
    }

    /// Brings refills that lie in the past up to `now` and merges those that touch. Returns
    /// whether the head changed.
    pub fn unblock(&mut self, now: u64) -> bool {
        if self.is_round_robin() || !self.is_ready(now) {
            return false;
        }
        if let Some(head) = self.refills.front_mut() {
            head.time = now;
        }
        while self.refills.len() > 1 && self.second_touches_head() {
            let old = self.pop();
            if let Some(head) = self.refills.front_mut() {
                head.time = old.time;
                head.amount += old.amount;
            }
        }
        true
    }

    fn second_touches_head(&self) -> bool {
        let head = self.head();
        self.refills
            .iter()
            .nth(1)
            .is_some_and(|second| second.time <= head.time + head.amount)
    }

    /// Takes `usage` from the head and schedules it for a period later.
    fn charge(&mut self, mut usage: u64) {
        while self.head().amount <= usage {
            usage -= self.head().amount;
            if self.refills.len() == 1 {
                if let Some(head) = self.refills.front_mut() {
                    head.time += self.period;
                }
            } else {
                let mut used = self.pop();
                used.time += self.period;
                self.schedule(used);
            }
        }
        if usage > 0 {
            let used = Refill {
                time: self.head().time + self.period,
                amount: usage,
            };
            if let Some(head) = self.refills.front_mut() {
                head.amount -= usage;
                head.time += usage;
            }
            self.schedule(used);
        }
        // A head too small to use joins the next one, which then starts as much earlier.
        while self.head().amount < MINIMUM_BUDGET && self.refills.len() > 1 {
            let small = self.pop();
            if let Some(head) = self.refills.front_mut() {
                head.amount += small.amount;
                head.time -= small.amount;
            }
        }
    }

    fn schedule(&mut self, refill: Refill) {
        let full = self.refills.is_full();
        match self.refills.back_mut() {
            Some(tail) if tail.time + tail.amount >= refill.time => tail.amount += refill.amount,
            Some(tail) if full => {
                tail.time = refill.time - tail.amount;
                tail.amount += refill.amount;
            }
            _ => self.push(refill),
        }
    }

    fn pop(&mut self) -> Refill {
        let head = self.head();
        self.refills.pop_front();
        head
    }

    fn push(&mut self, refill: Refill) {
        let pushed = self.refills.push_back(refill);
        debug_assert!(pushed.is_ok(), "refills checked for room");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(context: &SchedContext) -> u64 {
        context.refills.iter().map(|refill| refill.amount).sum()
    }

    #[test]
    fn round_robin_gets_its_slice_back_at_once() {
        let mut context = SchedContext::new(1000, 1000, 0, ThreadId(0));
        context.commit(ticks(900));
        assert!(!context.is_sufficient(ticks(90)));
        context.end_slice(ticks(90));
        assert_eq!(context.head().amount, ticks(1000));
        assert!(context.is_ready(0));
    }

    #[test]
    fn a_used_budget_comes_back_a_period_later() {
        let mut context = SchedContext::new(400, 1000, 0, ThreadId(0));
        context.end_slice(ticks(400));
        assert_eq!(context.head().time, ticks(1000));
        assert!(!context.is_ready(ticks(999)));
        assert_eq!(total(&context), ticks(400));
    }

    #[test]
    fn a_partly_used_budget_is_split() {
        let mut context = SchedContext::new(400, 1000, 0, ThreadId(0));
        context.commit(ticks(100));
        assert_eq!(context.head().amount, ticks(300));
        assert_eq!(context.head().time, ticks(100));
        assert_eq!(context.refills.len(), 2);
        context.commit(ticks(50));
        assert_eq!(context.head().amount, ticks(250));
        assert_eq!(total(&context), ticks(400));
    }

    #[test]
    fn never_more_than_the_budget_in_a_period() {
        let mut context = SchedContext::new(400, 1000, 0, ThreadId(0));
        let (mut now, mut used) = (0, 0);
        while now < ticks(100_000) {
            if context.is_ready(now) && context.is_sufficient(0) {
                context.unblock(now);
                let slice = context.head().amount.min(ticks(70));
                now += slice;
                used += slice;
                if context.is_sufficient(slice) {
                    context.commit(slice);
                } else {
                    context.end_slice(slice);
                }
            } else {
                now += ticks(10);
            }
            assert_eq!(total(&context), ticks(400));
        }
        assert!(used <= ticks(40_400) && used > ticks(30_000), "{used}");
    }
}
