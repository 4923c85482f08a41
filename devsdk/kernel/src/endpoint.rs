//! Messages between threads: send, receive, cancel.
use crate::capability::Capability;
use crate::kernel::Kernel;
use crate::message::MessageInfo;
use crate::objects::{EndpointId, EndpointState};
use crate::queue::ThreadId;
use crate::reply::ReplyId;
use crate::thread::State;
use crate::user_error;

/// How a message is sent.
#[derive(Debug, Clone, Copy)]
pub struct Send {
    /// Wait for a receiver.
    pub blocking: bool,
    /// Wait for an answer.
    pub call: bool,
    /// Lend the scheduling context to a receiver that has none.
    pub donate: bool,
    /// The capability's badge.
    pub badge: u64,
}

impl Kernel {
    /// Sends a thread's message or fault to an endpoint.
    pub fn send(&mut self, send: Send, sender: ThreadId, endpoint: EndpointId) {
        let receiver = self.endpoint(endpoint).queue.first();
        match (self.endpoint(endpoint).state, receiver) {
            (EndpointState::Receivers, Some(receiver)) => {
                self.deliver(send, sender, receiver, endpoint);
            }
            _ if send.blocking => {
                let state = State::Sending {
                    endpoint,
                    badge: send.badge,
                    call: send.call,
                };
                self.set_state(sender, state);
                self.wait_at(sender, endpoint, EndpointState::Senders);
            }
            _ => {}
        }
    }

    fn deliver(&mut self, send: Send, sender: ThreadId, receiver: ThreadId, endpoint: EndpointId) {
        self.leave(receiver, endpoint);
        let reply = match self.thread(receiver).state {
            State::Receiving { reply, .. } => reply,
            _ => None,
        };
        self.transfer(sender, receiver, send.badge, Some(endpoint));
        if let Some(reply) = reply {
            self.unlink_reply(reply, receiver);
        }
        if send.call || self.thread(sender).fault.is_some() {
            match reply {
                Some(reply) => self.push_reply(sender, receiver, reply, send.donate),
                None => self.set_state(sender, State::Inactive),
            }
        } else if send.donate && self.thread(receiver).sched_context.is_none() {
            self.donate_from(sender, receiver);
        }
        self.set_state(receiver, State::Running);
        self.possible_switch_to(receiver);
    }

    /// Receives at an endpoint, or takes what the thread's notification holds.
    pub fn receive(
        &mut self,
        thread: ThreadId,
        endpoint: EndpointId,
        blocking: bool,
        reply: Option<ReplyId>,
    ) {
        let linked = reply.and_then(|reply| self.reply(reply).thread);
        if let Some(linked) = linked.filter(|linked| *linked != thread) {
            user_error!(
                self,
                "receiveIPC",
                153,
                "Reply object already has unexecuted reply!"
            );
            self.cancel(linked);
        }
        if self.take_signal(thread) {
            return;
        }
        if blocking {
            self.return_notification_context(thread);
        }
        let sender = self.endpoint(endpoint).queue.first();
        match (self.endpoint(endpoint).state, sender) {
            (EndpointState::Senders, Some(sender)) => {
                self.accept(thread, sender, endpoint, reply);
            }
            _ if blocking => {
                self.set_state(thread, State::Receiving { endpoint, reply });
                if let Some(reply) = reply {
                    self.reply(reply).thread = Some(thread);
                }
                self.wait_at(thread, endpoint, EndpointState::Receivers);
            }
            _ => self.thread_mut(thread).context.x[0] = 0,
        }
    }

    fn accept(
        &mut self,
        receiver: ThreadId,
        sender: ThreadId,
        endpoint: EndpointId,
        reply: Option<ReplyId>,
    ) {
        self.leave(sender, endpoint);
        let State::Sending { badge, call, .. } = self.thread(sender).state else {
            return;
        };
        self.transfer(sender, receiver, badge, Some(endpoint));
        if call || self.thread(sender).fault.is_some() {
            match reply {
                Some(reply) => {
                    let donate = self.thread(sender).sched_context.is_some();
                    self.push_reply(sender, receiver, reply, donate);
                }
                None => self.set_state(sender, State::Inactive),
            }
        } else {
            self.set_state(sender, State::Running);
            self.possible_switch_to(sender);
        }
    }

    /// Ends whatever a thread waits for; also drops its fault.
    pub fn cancel(&mut self, thread: ThreadId) {
        self.thread_mut(thread).fault = None;
        match self.thread(thread).state {
            State::Sending { endpoint, .. } => self.leave(thread, endpoint),
            State::Receiving { endpoint, reply } => {
                self.leave(thread, endpoint);
                if let Some(reply) = reply {
                    self.unlink_reply(reply, thread);
                }
            }
            State::Waiting(notification) => self.stop_waiting(thread, notification),
            State::AwaitingReply(reply) => self.drop_reply(reply, thread),
            State::Inactive | State::Running | State::Restart => return,
        }
        self.set_state(thread, State::Inactive);
    }

    /// Puts a thread into an endpoint's queue.
    pub fn wait_at(&mut self, thread: ThreadId, endpoint: EndpointId, state: EndpointState) {
        let priority = self.thread(thread).priority;
        let threads = &self.threads;
        let place = &mut self.endpoints[usize::from(endpoint.0)];
        place.state = state;
        place
            .queue
            .insert_before(thread, |other| threads[other.index()].priority < priority);
    }

    fn leave(&mut self, thread: ThreadId, endpoint: EndpointId) {
        let endpoint = self.endpoint(endpoint);
        endpoint.queue.remove(thread);
        if endpoint.queue.is_empty() {
            endpoint.state = EndpointState::Idle;
        }
    }

    /// Copies a message or the description of a fault.
    pub fn transfer(
        &mut self,
        sender: ThreadId,
        receiver: ThreadId,
        badge: u64,
        endpoint: Option<EndpointId>,
    ) {
        let info = match self.thread(sender).fault {
            Some(fault) => {
                let length = self.write_fault(sender, receiver, &fault);
                MessageInfo::reply(fault.label(), length)
            }
            None => self.copy_message(sender, receiver, endpoint),
        };
        let context = &mut self.thread_mut(receiver).context;
        context.x[1] = info.into_bits();
        context.x[0] = badge;
    }

    fn copy_message(
        &mut self,
        sender: ThreadId,
        receiver: ThreadId,
        endpoint: Option<EndpointId>,
    ) -> MessageInfo {
        let info = MessageInfo::from_register(self.thread(sender).context.x[1]);
        for index in 0..info.length() as usize {
            let word = self.message_word(sender, index);
            self.set_message_word(receiver, index, word);
        }
        let unwrapped = endpoint.map_or(0, |endpoint| {
            self.unwrap_capabilities(sender, receiver, info, endpoint)
        });
        info.with_extra_caps(unwrapped)
            .with_caps_unwrapped((1 << unwrapped) - 1)
    }

    /// Passes on the badges of sent capabilities to the very endpoint; other capabilities do not
    /// arrive, as no PD has a slot to receive them. Returns how many did.
    fn unwrap_capabilities(
        &mut self,
        sender: ThreadId,
        receiver: ThreadId,
        info: MessageInfo,
        endpoint: EndpointId,
    ) -> u64 {
        for index in 0..info.extra_caps() {
            let word = FIRST_EXTRA_CAP + index as usize;
            let address = self.buffer_word(sender, word);
            match self.lookup(sender, address) {
                Ok(Capability::Endpoint(other, badge)) if other == endpoint => {
                    self.set_buffer_word(receiver, word, badge);
                }
                Ok(_) => return index,
                Err(_) => return 0,
            }
        }
        info.extra_caps()
    }
}

/// Word of the IPC buffer that holds the first extra capability or badge: after tag, 120 message
/// words and the user data word.
pub const FIRST_EXTRA_CAP: usize = 122;
