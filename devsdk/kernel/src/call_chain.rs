//! Replies and the scheduling contexts that travel with calls.
use crate::context::{UNKNOWN_SYSCALL_ORDER, USER_EXCEPTION_ORDER};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::message::MessageInfo;
use crate::queue::ThreadId;
use crate::reply::{Next, ReplyId};
use crate::sched_context::SchedContextId;
use crate::thread::State;

impl Kernel {
    /// Blocks a caller on a reply object; with `donate` a callee without scheduling context runs on
    /// the caller's until it replies.
    pub fn push_reply(&mut self, caller: ThreadId, callee: ThreadId, reply: ReplyId, donate: bool) {
        let context = self.thread(caller).sched_context;
        self.reply(reply).thread = Some(caller);
        self.set_state(caller, State::AwaitingReply(reply));
        if let Some(context) = context.filter(|_| donate)
            && self.thread(callee).sched_context.is_none()
        {
            let older = self.sched_context(context).reply.replace(reply);
            if let Some(older) = older {
                self.reply(older).next = Next::Reply(reply);
            }
            self.reply(reply).previous = older;
            self.reply(reply).next = Next::SchedContext(context);
            self.donate(context, callee);
        }
    }

    /// Ends the link of a reply object and a thread that waits with it or on it.
    pub fn unlink_reply(&mut self, reply: ReplyId, thread: ThreadId) {
        self.reply(reply).thread = None;
        self.set_state(thread, State::Inactive);
    }

    /// Takes a reply out of its chain because it is answered; the newest gives the context back.
    fn remove_reply(&mut self, id: ReplyId, thread: ThreadId) {
        let reply = *self.reply(id);
        if let Next::SchedContext(context) = reply.next {
            self.sched_context(context).reply = reply.previous;
            if let Some(previous) = reply.previous {
                self.reply(previous).next = reply.next;
            }
            if self.thread(thread).sched_context.is_none() {
                self.donate(context, thread);
            }
        } else {
            self.break_chain(id);
        }
        self.reply(id).next = Next::None;
        self.reply(id).previous = None;
        self.unlink_reply(id, thread);
    }

    /// Takes a reply out of its chain because its caller stops waiting; the context stays.
    pub fn drop_reply(&mut self, id: ReplyId, thread: ThreadId) {
        if let Next::SchedContext(context) = self.reply(id).next {
            self.sched_context(context).reply = None;
        }
        self.break_chain(id);
        self.reply(id).next = Next::None;
        self.reply(id).previous = None;
        self.unlink_reply(id, thread);
    }

    fn break_chain(&mut self, id: ReplyId) {
        let reply = *self.reply(id);
        if let Next::Reply(newer) = reply.next {
            self.reply(newer).previous = None;
        }
        if let Some(older) = reply.previous {
            self.reply(older).next = Next::None;
        }
    }

    /// Answers whoever is blocked on a reply object; nothing happens if nobody is.
    pub fn send_reply(&mut self, sender: ThreadId, id: ReplyId) {
        let Some(receiver) = self.reply(id).thread else {
            return;
        };
        if !matches!(self.thread(receiver).state, State::AwaitingReply(_)) {
            return;
        }
        self.remove_reply(id, receiver);
        match self.thread(receiver).fault {
            None => {
                self.transfer(sender, receiver, 0, None);
                self.set_state(receiver, State::Running);
            }
            Some(fault) => {
                let restart = self.answer_fault(sender, receiver, &fault);
                self.thread_mut(receiver).fault = None;
                let state = if restart {
                    State::Restart
                } else {
                    State::Inactive
                };
                self.set_state(receiver, state);
            }
        }
        self.run_answered(receiver);
    }

    fn run_answered(&mut self, receiver: ThreadId) {
        let thread = self.thread(receiver);
        let Some(context) = thread.sched_context.filter(|_| thread.is_runnable()) else {
            return;
        };
        let now = self.scheduler.now;
        let budget = self.sched_context(context);
        if budget.is_ready(now) && budget.is_sufficient(0) {
            self.possible_switch_to(receiver);
        } else {
            self.postpone(context);
        }
    }

    /// Applies the answer to a fault. Returns whether the thread goes on.
    fn answer_fault(&mut self, sender: ThreadId, receiver: ThreadId, fault: &Fault) -> bool {
        let order = match fault {
            Fault::UnknownSyscall(_) => &UNKNOWN_SYSCALL_ORDER[..],
            Fault::UserException { .. } => &USER_EXCEPTION_ORDER[..],
            Fault::Debug => &[],
            _ => return true,
        };
        let info = MessageInfo::from_register(self.thread(sender).context.x[1]);
        for (index, register) in order.iter().enumerate().take(info.length() as usize) {
            let word = self.message_word(sender, index);
            self.set_register_sanitised(receiver, *register, word);
        }
        info.label() == 0
    }

    /// Moves a scheduling context to a thread that has none.
    pub fn donate(&mut self, context: SchedContextId, to: ThreadId) {
        if let Some(from) = self.sched_context(context).thread {
            self.dequeue(from);
            self.release_remove(from);
            self.thread_mut(from).sched_context = None;
            let next = self.scheduler.action;
            if self.scheduler.current == Some(from)
                || next == crate::scheduler::Action::SwitchTo(from)
            {
                self.reschedule();
            }
        }
        self.sched_context(context).thread = Some(to);
        self.thread_mut(to).sched_context = Some(context);
    }

    /// [`Self::donate`] of what `from` runs on.
    pub fn donate_from(&mut self, from: ThreadId, to: ThreadId) {
        if let Some(context) = self.thread(from).sched_context {
            self.donate(context, to);
        }
    }
}
