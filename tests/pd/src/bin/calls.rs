//! Interrupts, calls, replies that get lost, notifications, priorities and budgets, in the order
//! that priorities give.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use parity::domain::{Domain, name};
use parity::{
    any, label, reply, set_words, show, show_received, slot, tag, timer, try_call, words,
};
use sel4::{Word, cap};
use sel4_microkit::{Channel, MessageInfo, debug_println, memory_region_symbol, protection_domain};

#[protection_domain]
fn init() -> Domain {
    let mut domain = Domain::default();
    match name() {
        "begin" => interrupts(),
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
        "left" | "right" => take_turns(),
        "throttled" => throttled(),
        "filler" => shared(|shared| while shared.done.load(SeqCst) == 0 {}),
        "end" => {
            shared(|shared| {
                debug_println!("left had {} turns", shared.turns[0].load(SeqCst));
                debug_println!("right had {} turns", shared.turns[1].load(SeqCst));
            });
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

/// The timer's interrupt, asked for without waiting, so that nobody else runs.
fn interrupts() {
    const TIMER: u64 = slot::IRQ + 5;
    debug_println!("begin");
    try_call("first acknowledgement", TIMER, label::IRQAckIRQ, &[]);
    timer::start(100);
    comes("fired");
    stays_away("not acknowledged");
    try_call("acknowledged while asserted", TIMER, label::IRQAckIRQ, &[]);
    comes("again");
    timer::stop();
    try_call("acknowledged", TIMER, label::IRQAckIRQ, &[]);
    stays_away("stopped");
    try_call("acknowledged twice", TIMER, label::IRQAckIRQ, &[]);
    timer::start(100);
    comes("started");
    timer::stop();
    timer::start(100);
    stays_away("started without acknowledgement");
    try_call("acknowledged late", TIMER, label::IRQAckIRQ, &[]);
    comes("late");
    timer::stop();
    try_call("acknowledged", TIMER, label::IRQAckIRQ, &[]);
    try_call("taken away", TIMER, label::IRQClearIRQHandler, &[]);
    timer::start(100);
    stays_away("nobody's");
    timer::stop();
}

fn poll() -> Word {
    cap::Notification::from_bits(slot::INPUT).poll().1
}

/// QEMU on a loaded machine may be late.
fn comes(what: &str) {
    let begin = timer::now();
    let mut badge = 0;
    while badge == 0 && timer::now() - begin < timer::ticks(10_000_000) {
        badge = poll();
    }
    debug_println!("{what}: badge {badge:#x}");
}

fn stays_away(what: &str) {
    timer::spin(200_000);
    debug_println!("{what}: badge {:#x}", poll());
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

/// What the round robin's and the budget's domains share.
struct Shared {
    last: AtomicU64,
    turns: [AtomicU64; 2],
    done: AtomicU64,
}

#[expect(unsafe_code, reason = "shared memory")]
fn shared(use_it: impl FnOnce(&Shared)) {
    let region = memory_region_symbol!(shared_region: *mut Shared);
    // SAFETY: a zeroed page of at least its size, in which everyone uses only atomics.
    use_it(unsafe { region.as_ref() });
}

/// Two domains of one priority: each runs when the other's slice is over.
fn take_turns() {
    const TURNS: u64 = 10;
    let me = if name() == "left" { 1 } else { 2 };
    shared(|shared| {
        let mine = &shared.turns[me as usize - 1];
        while mine.load(SeqCst) < TURNS {
            if shared.last.swap(me, SeqCst) != me {
                mine.fetch_add(1, SeqCst);
            }
        }
    });
}

/// A fifth of the time, by budget 2000 and period 10000: gaps are what others get.
fn throttled() {
    const GAPS: u32 = 20;
    let (begin, mut last, mut gaps, mut lost) = (timer::now(), timer::now(), 0, 0);
    while gaps < GAPS {
        let now = timer::now();
        // Far more than an interrupt takes, far less than the 8000 that are missing.
        if now - last > timer::ticks(2000) {
            gaps += 1;
            lost += now - last;
        }
        last = now;
    }
    let share = 1000 - lost * 1000 / (last - begin);
    // A host that is busy with something else only lowers it.
    let verdict = if share < 400 {
        "not much more than a fifth"
    } else {
        "too much"
    };
    debug_println!("throttled had {verdict}");
    shared(|shared| shared.done.store(1, SeqCst));
}
