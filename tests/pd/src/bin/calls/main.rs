//! Interrupts, calls, replies that get lost, notifications, priorities and budgets, in the order
//! that priorities give.
#![no_std]
#![no_main]

mod interrupt;
mod share;

use parity::domain::{Domain, name};
use parity::{any, reply, set_words, show, show_received, slot, tag, try_call, words};
use sel4::{Word, cap};
use sel4_microkit::{Channel, MessageInfo, debug_println, protection_domain};

#[protection_domain]
fn init() -> Domain {
    let mut domain = Domain::default();
    match name() {
        "begin" => interrupt::look(),
        "high" => {
            domain.notified = |channels| {
                debug_println!("high notified {}", channels.display());
                notify(4);
                notify(5);
                notify(4);
                debug_println!("high sent");
            }
        }
        "passive" => domain.protected = answer,
        "relay" => domain.protected = relay,
        "deep" => domain.protected = deep,
        "client" => client(),
        "careless" => careless(),
        "first" | "second" => call("answer", 0, &[1]),
        "third" => domain.notified = |_| call("third's answer", 0, &[3]),
        "unlucky" => {
            call("once", 1, &[1]);
            call("never", 1, &[2]);
        }
        "left" | "right" => share::take_turns(),
        "throttled" => share::throttle(),
        "filler" => share::fill(),
        "end" => {
            share::tell();
            parity::power_off();
        }
        _ => debug_println!("{} up", name()),
    }
    domain
}

fn notify(channel: usize) {
    Channel::new(channel).notify();
}

/// Calls a channel and prints the answer.
fn call(what: &str, channel: u64, arguments: &[Word]) {
    set_words(arguments);
    let answer = any(slot::ENDPOINT + channel).call(tag(arguments[0] as u32, arguments.len()));
    debug_println!("{}:", name());
    show(what, &answer);
}

/// A passive domain's answer: the label and one hundred, and the first word doubled.
fn answer(from: Channel, message: MessageInfo) -> MessageInfo {
    let info = message.into_inner();
    debug_println!("passive, called by {}:", from.index());
    show("got", &info);
    let sum: Word = words::<120>().iter().take(info.length()).sum();
    debug_println!("sum {sum}, {} capabilities", info.extra_caps());
    let [first] = words();
    set_words(&[first * 2, sum]);
    MessageInfo::new(info.label() + 100, 2)
}

fn relay(from: Channel, message: MessageInfo) -> MessageInfo {
    debug_println!("relay, called by {}", from.index());
    call("relayed", 1, &[message.label()]);
    MessageInfo::new(message.label() + 1, 0)
}

/// Answers once; then faults, and with it all who wait for it are lost.
#[expect(unsafe_code, reason = "the fault")]
fn deep(from: Channel, message: MessageInfo) -> MessageInfo {
    debug_println!("deep, called by {}", from.index());
    if message.label() == 2 {
        // SAFETY: the address is not mapped: the thread ends here.
        unsafe {
            core::arch::asm!(
                ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20",
                "mov x\\n, #0",
                ".endr",
                ".irp n, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30",
                "mov x\\n, #0",
                ".endr",
                "msr tpidr_el0, x0",
                "mov sp, x0",
                "cmp xzr, xzr",
                "str x0, [x0]",
                options(noreturn)
            )
        }
    }
    MessageInfo::new(message.label() + 1, 0)
}

fn client() {
    debug_println!("client up");
    call("passive", 1, &[9, 2, 0, 0, 0, 66]);
    call("passive", 1, &[10]);
    let mut long = [0; 120];
    long.iter_mut()
        .zip(0..)
        .for_each(|(word, index)| *word = index);
    call("long", 1, &long);
    call("active", 2, &[3]);
    notify(1);
    debug_println!("notified passive");
    notify(3);
    debug_println!("notified high");
    notify(6);
    notify(7);
    notify(6);
    debug_println!("notified low three times");
    sel4::r#yield();
    debug_println!("client ends");
}

/// Receives again before it has answered, answers twice, and answers nobody.
fn careless() {
    debug_println!("careless up");
    let input = any(slot::INPUT);
    // The callers have lower priorities, but nothing else runs.
    show_received("first", &input.recv(reply()));
    show_received("second", &input.recv(reply()));
    for count in [1, 2] {
        set_words(&[count]);
        reply().send(tag(1, 1));
        debug_println!("answered {count} times");
    }
    try_call("call the reply object", slot::REPLY, 1, &[1]);
    let (_, badge) = input.nb_recv(reply());
    debug_println!("nobody waits: badge {badge:#x}");
    // A call received without a reply object cannot be answered.
    notify(9);
    let received = cap::Notification::from_bits(slot::INPUT).wait().1;
    debug_println!("third: badge {received:#x}");
    reply().send(tag(1, 0));
    debug_println!("third's answer is lost");
}
