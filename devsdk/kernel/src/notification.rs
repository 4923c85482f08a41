//! Signals: notifications and the threads that wait for them.
use crate::kernel::Kernel;
use crate::objects::{NotificationId, NotificationState};
use crate::queue::ThreadId;
use crate::sched_context::SchedContextId;
use crate::thread::State;

impl Kernel {
    /// Adds a badge to a notification; wakes a thread that waits for it.
    pub fn signal(&mut self, id: NotificationId, badge: u64) {
        let notification = self.notification(id);
        let (state, waiting, bound) = (
            notification.state,
            notification.queue.first(),
            notification.bound,
        );
        match (state, waiting) {
            (NotificationState::Active(old), _) => {
                notification.state = NotificationState::Active(old | badge);
            }
            (NotificationState::Waiting, Some(thread)) => {
                self.stop_waiting(thread, id);
                self.wake(thread, id, badge);
            }
            _ => match bound {
                Some(bound) if matches!(self.thread(bound).state, State::Receiving { .. }) => {
                    self.cancel(bound);
                    self.wake(bound, id, badge);
                }
                _ => self.notification(id).state = NotificationState::Active(badge),
            },
        }
    }

    fn wake(&mut self, thread: ThreadId, id: NotificationId, badge: u64) {
        self.set_state(thread, State::Running);
        self.thread_mut(thread).context.x[0] = badge;
        self.lend_notification_context(thread, id);
        if self.thread(thread).is_schedulable() {
            self.possible_switch_to(thread);
        }
    }

    /// `Wait` or `Recv` on a notification.
    pub fn wait(&mut self, thread: ThreadId, id: NotificationId, blocking: bool) {
        if let NotificationState::Active(badge) = self.notification(id).state {
            self.thread_mut(thread).context.x[0] = badge;
            self.notification(id).state = NotificationState::Idle;
            self.lend_notification_context(thread, id);
        } else if blocking {
            self.set_state(thread, State::Waiting(id));
            let priority = self.thread(thread).priority;
            let threads = &self.threads;
            let notification = &mut self.notifications[usize::from(id.0)];
            notification.state = NotificationState::Waiting;
            notification
                .queue
                .insert_before(thread, |other| threads[other.index()].priority < priority);
            self.return_context(thread, id);
        } else {
            self.thread_mut(thread).context.x[0] = 0;
        }
    }

    /// Ends a receive at once with what the thread's bound notification holds, if it is active.
    pub fn take_signal(&mut self, thread: ThreadId) -> bool {
        let Some(id) = self.thread(thread).bound_notification else {
            return false;
        };
        let NotificationState::Active(badge) = self.notification(id).state else {
            return false;
        };
        self.thread_mut(thread).context.x[0] = badge;
        self.notification(id).state = NotificationState::Idle;
        self.lend_notification_context(thread, id);
        true
    }

    /// Takes a thread out of a notification's queue.
    pub fn stop_waiting(&mut self, thread: ThreadId, id: NotificationId) {
        let notification = self.notification(id);
        notification.queue.remove(thread);
        if notification.queue.is_empty() {
            notification.state = NotificationState::Idle;
        }
    }

    /// A passive PD that runs on its notification's scheduling context gives it back.
    pub fn return_notification_context(&mut self, thread: ThreadId) {
        if let Some(id) = self.thread(thread).bound_notification {
            self.return_context(thread, id);
        }
    }

    fn return_context(&mut self, thread: ThreadId, id: NotificationId) {
        let own = SchedContextId(id.0);
        if !self.notification(id).has_sched_context
            || self.thread(thread).sched_context != Some(own)
        {
            return;
        }
        self.thread_mut(thread).sched_context = None;
        self.sched_context(own).thread = None;
        if self.scheduler.current == Some(thread) {
            self.reschedule();
        }
    }

    /// A thread without scheduling context that is notified gets the notification's.
    fn lend_notification_context(&mut self, thread: ThreadId, id: NotificationId) {
        let own = SchedContextId(id.0);
        if self.thread(thread).sched_context.is_none()
            && self.notification(id).has_sched_context
            && self.sched_context(own).thread.is_none()
        {
            self.donate(own, thread);
            self.resume_context(own);
        }
    }
}
