//! Scheduler: priorities with round robin, budgets, and the choice of the next thread.
use crate::kernel::Kernel;
use crate::machine::timer;
use crate::queue::{ThreadId, ThreadQueue};
use crate::sched_context::SchedContextId;
use crate::thread::State;

const PRIORITIES: usize = 256;

/// What the next choice has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go on with the current thread.
    Resume,
    /// Look at the queues.
    Choose,
    /// This thread became ready during this kernel entry.
    SwitchTo(ThreadId),
}

/// Queues and time.
#[derive(Debug)]
pub struct Scheduler {
    ready: [ThreadQueue; PRIORITIES],
    /// Threads that wait for budget, by time.
    release: ThreadQueue,
    /// Next choice.
    pub action: Action,
    /// Who runs; none: idle.
    pub current: Option<ThreadId>,
    /// What the time is charged to.
    pub current_context: Option<SchedContextId>,
    /// Time of this kernel entry.
    pub now: u64,
    /// Used since the last charge.
    consumed: u64,
    /// The timer must be set anew.
    reprogram: bool,
}

impl Scheduler {
    /// Empty queues.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ready: [const { ThreadQueue::new() }; PRIORITIES],
            release: ThreadQueue::new(),
            action: Action::Choose,
            current: None,
            current_context: None,
            now: 0,
            consumed: 0,
            reprogram: true,
        }
    }

    fn highest(&self) -> Option<ThreadId> {
        self.ready.iter().rev().find_map(ThreadQueue::first)
    }

    /// Has the timer set anew at the end of this kernel entry.
    pub fn request_timer(&mut self) {
        self.reprogram = true;
    }
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl Kernel {
    /// Takes the time at the start of a kernel entry.
    pub fn update_time(&mut self) {
        let previous = self.scheduler.now;
        self.scheduler.now = timer::now();
        self.scheduler.consumed += self.scheduler.now.saturating_sub(previous);
    }

    /// Whether the current thread has budget for this kernel entry. If not, its slice ends.
    pub fn check_budget(&mut self) -> bool {
        let Some(context) = self.scheduler.current_context else {
            return true;
        };
        let consumed = self.scheduler.consumed;
        if self.sched_context(context).is_sufficient(consumed) {
            return true;
        }
        self.end_slice(consumed);
        false
    }

    /// [`Self::check_budget`]; without budget the thread will enter the kernel again.
    pub fn check_budget_or_restart(&mut self) -> bool {
        let enough = self.check_budget();
        if let (false, Some(current)) = (enough, self.scheduler.current)
            && self.thread(current).is_runnable()
        {
            self.set_state(current, State::Restart);
        }
        enough
    }

    /// `Yield`: gives up what is left of the slice.
    pub fn yield_slice(&mut self) {
        if let Some(context) = self.scheduler.current_context {
            let rest = self.sched_context(context).head().amount;
            self.end_slice(rest);
        }
    }

    fn end_slice(&mut self, consumed: u64) {
        if let Some(context) = self.scheduler.current_context {
            self.sched_context(context).end_slice(consumed);
        }
        self.scheduler.consumed = 0;
        let Some(current) = self.scheduler.current else {
            return;
        };
        if !self.thread(current).is_schedulable() {
            return;
        }
        if let Some(context) = self.thread(current).sched_context {
            if self.is_released(context) {
                self.enqueue_last(current);
            } else {
                self.postpone(context);
            }
        }
        self.reschedule();
        self.scheduler.reprogram = true;
    }

    fn is_released(&mut self, context: SchedContextId) -> bool {
        let now = self.scheduler.now;
        let context = self.sched_context(context);
        context.is_ready(now) && context.is_sufficient(0)
    }

    /// Has a context's thread wait until the context has budget.
    pub fn postpone(&mut self, context: SchedContextId) {
        let Some(thread) = self.sched_context(context).thread else {
            return;
        };
        self.dequeue(thread);
        let time = self.sched_context(context).head().time;
        let (threads, contexts) = (&self.threads, &self.sched_contexts);
        self.scheduler.release.insert_before(thread, |other| {
            let context = threads[other.index()].sched_context;
            context.is_some_and(|context| contexts[context.index()].head().time > time)
        });
        self.thread_mut(thread).awaits_budget = true;
        self.scheduler.reprogram = true;
    }

    /// Postpones a context's thread if it could run but has no budget.
    pub fn resume_context(&mut self, context: SchedContextId) {
        let thread = self.sched_context(context).thread;
        if thread.is_some_and(|thread| self.thread(thread).is_schedulable())
            && !self.is_released(context)
        {
            self.postpone(context);
        }
    }

    /// Takes a thread out of the release queue.
    pub fn release_remove(&mut self, thread: ThreadId) {
        if self.thread(thread).awaits_budget {
            self.scheduler.release.remove(thread);
            self.thread_mut(thread).awaits_budget = false;
            self.scheduler.reprogram = true;
        }
    }

    fn enqueue_first(&mut self, thread: ThreadId) {
        if self.may_enqueue(thread) {
            let priority = usize::from(self.thread(thread).priority);
            self.scheduler.ready[priority].push_front(thread);
        }
    }

    /// Puts a thread behind the others of its priority.
    pub fn enqueue_last(&mut self, thread: ThreadId) {
        if self.may_enqueue(thread) {
            let priority = usize::from(self.thread(thread).priority);
            self.scheduler.ready[priority].push_back(thread);
        }
    }

    /// Starts a thread at boot: the last one started of a priority runs first, as on seL4.
    pub fn start(&mut self, thread: ThreadId) {
        self.thread_mut(thread).state = State::Restart;
        self.enqueue_first(thread);
    }

    fn may_enqueue(&mut self, id: ThreadId) -> bool {
        let thread = self.thread_mut(id);
        let may = !thread.queued && thread.is_schedulable();
        thread.queued |= may;
        may
    }

    /// Takes a thread out of its ready queue.
    pub fn dequeue(&mut self, id: ThreadId) {
        if self.thread(id).queued {
            let priority = usize::from(self.thread(id).priority);
            self.scheduler.ready[priority].remove(id);
            self.thread_mut(id).queued = false;
        }
    }

    /// Has the queues looked at, also for a thread that was to be switched to.
    pub fn reschedule(&mut self) {
        if let Action::SwitchTo(thread) = self.scheduler.action
            && self.thread(thread).is_schedulable()
        {
            self.enqueue_first(thread);
        }
        self.scheduler.action = Action::Choose;
    }

    /// A thread became ready: it may run next.
    pub fn possible_switch_to(&mut self, thread: ThreadId) {
        let target = self.thread(thread);
        if target.sched_context.is_none() || target.awaits_budget {
            return;
        }
        if self.scheduler.action == Action::Resume {
            self.scheduler.action = Action::SwitchTo(thread);
        } else {
            self.reschedule();
            self.enqueue_first(thread);
        }
    }

    /// The state of a thread changed: if it is the current one and cannot run, choose another.
    pub fn note_state_change(&mut self, thread: ThreadId) {
        if self.scheduler.current == Some(thread)
            && self.scheduler.action == Action::Resume
            && !self.thread(thread).is_schedulable()
        {
            self.scheduler.action = Action::Choose;
        }
    }

    /// Chooses who runs, switches to it and sets the timer.
    pub fn schedule(&mut self) {
        self.run_monitor();
        self.awaken();
        match self.scheduler.action {
            Action::Resume => {}
            Action::Choose => {
                self.enqueue_current();
                self.choose();
            }
            Action::SwitchTo(candidate) => self.consider(candidate),
        }
        self.scheduler.action = Action::Resume;
        self.switch_context();
        if self.scheduler.reprogram {
            self.set_timer();
            self.scheduler.reprogram = false;
        }
    }

    fn enqueue_current(&mut self) -> bool {
        let current = self.scheduler.current;
        let runnable = current.filter(|current| self.thread(*current).is_schedulable());
        if let Some(current) = runnable {
            self.enqueue_first(current);
        }
        runnable.is_some()
    }

    fn consider(&mut self, candidate: ThreadId) {
        let was_runnable = self.enqueue_current();
        let priority = self.thread(candidate).priority;
        let current_priority = self
            .scheduler
            .current
            .map(|current| self.thread(current).priority);
        let highest = self
            .scheduler
            .highest()
            .map(|highest| self.thread(highest).priority);
        let look = current_priority.is_none_or(|current| priority < current);
        if look && highest.is_some_and(|highest| priority < highest) {
            self.enqueue_first(candidate);
            self.choose();
        } else if was_runnable && Some(priority) == current_priority {
            self.enqueue_last(candidate);
            self.choose();
        } else {
            self.switch_to(Some(candidate));
        }
    }

    fn choose(&mut self) {
        let next = self.scheduler.highest();
        self.switch_to(next);
    }

    fn switch_to(&mut self, next: Option<ThreadId>) {
        self.activate(next);
        if let Some(next) = next {
            self.dequeue(next);
        }
        self.scheduler.current = next;
    }

    fn awaken(&mut self) {
        while let Some(thread) = self.scheduler.release.first() {
            let context = self.thread(thread).sched_context;
            if context.is_some_and(|context| !self.is_released(context)) {
                break;
            }
            self.release_remove(thread);
            self.possible_switch_to(thread);
        }
    }

    fn switch_context(&mut self) {
        let current = self.scheduler.current;
        let next = current.and_then(|current| self.thread(current).sched_context);
        if next != self.scheduler.current_context {
            self.scheduler.reprogram = true;
            let now = self.scheduler.now;
            if let Some(next) = next {
                self.sched_context(next).unblock(now);
            }
        }
        if self.scheduler.reprogram {
            if let Some(context) = self.scheduler.current_context {
                let consumed = self.scheduler.consumed;
                self.sched_context(context).commit(consumed);
            }
            self.scheduler.consumed = 0;
        }
        self.scheduler.current_context = next;
    }

    fn set_timer(&mut self) {
        let now = self.scheduler.now;
        let slice_end = self
            .scheduler
            .current_context
            .map(|context| now + self.sched_context(context).head().amount);
        let release = self.scheduler.release.first();
        let release = release
            .and_then(|thread| self.thread(thread).sched_context)
            .map(|context| self.sched_context(context).head().time);
        let deadline = slice_end.into_iter().chain(release).min();
        timer::set_deadline(deadline.unwrap_or(u64::MAX));
    }

    /// Gives the chosen thread its program counter.
    pub fn activate_current(&mut self) {
        if let Some(current) = self.scheduler.current
            && self.thread(current).state == State::Restart
        {
            let thread = self.thread_mut(current);
            thread.context.elr = thread.context.fault_ip;
            thread.state = State::Running;
        }
    }
}
