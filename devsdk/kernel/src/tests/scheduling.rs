//! Priorities, slices, budgets, passive PDs.
use super::*;
use crate::sched_context::{SchedContextId, ticks};

#[test]
fn equal_priorities_take_turns_of_a_slice() {
    let mut system = System::with(|builder| {
        builder.threads[1].priority = 100;
    });
    system.kernel.signal(crate::objects::NotificationId(1), 1);
    system.kernel.signal(crate::objects::NotificationId(2), 1);
    system.kernel.schedule();
    let first = system.current().expect("one runs");
    timer::set_now(timer::now() + ticks(500));
    system.interrupt(26);
    assert_eq!(system.current(), Some(first));
    timer::set_now(timer::now() + ticks(500));
    system.interrupt(26);
    let second = system.current().expect("the other runs");
    assert_ne!(first, second);
    timer::set_now(timer::now() + ticks(1000));
    system.interrupt(26);
    assert_eq!(system.current(), Some(first));
}

#[test]
fn a_used_budget_throttles_until_the_period_is_over() {
    let mut system = System::with(|builder| {
        builder.threads[2].budget = 300;
    });
    timer::set_now(ticks(5000));
    system.interrupt(30);
    assert_eq!(system.current(), Some(CLIENT));
    assert_eq!(timer::deadline(), ticks(5300));
    timer::set_now(ticks(5300));
    system.interrupt(26);
    assert_eq!(system.current(), None);
    assert_eq!(timer::deadline(), ticks(6000));
    timer::set_now(ticks(6000));
    system.interrupt(26);
    assert_eq!(system.current(), Some(CLIENT));
}

/// What drivers/ticker relies on.
#[test]
fn who_yields_runs_again_a_period_later_however_little_it_has_used() {
    let mut system = System::with(|builder| {
        builder.threads[2].budget = 300;
    });
    let mut due = ticks(5000);
    timer::set_now(due);
    system.interrupt(30);
    for used in [0, 2, 17, 250] {
        assert_eq!(system.current(), Some(CLIENT));
        timer::set_now(due + ticks(used));
        system.call(syscall::YIELD, 0, MessageInfo::new(), &[]);
        assert_eq!(system.current(), None);
        due += ticks(1000);
        assert_eq!(timer::deadline(), due);
        timer::set_now(due);
        system.interrupt(26);
    }
}

#[test]
fn a_system_call_without_budget_is_made_again() {
    let mut system = System::with(|builder| {
        builder.threads[2].budget = 300;
    });
    timer::set_now(ticks(5000));
    system.interrupt(30);
    timer::set_now(ticks(5290));
    let ip = system.kernel.thread(CLIENT).context.elr;
    system.call(
        syscall::SEND,
        slot::NOTIFICATION + 2,
        MessageInfo::new(),
        &[],
    );
    assert_eq!(system.state(CLIENT), State::Restart);
    assert!(matches!(system.state(VMM), State::Receiving { .. }));
    timer::set_now(ticks(6300));
    system.interrupt(26);
    assert_eq!(system.current(), Some(CLIENT));
    assert_eq!(system.kernel.thread(CLIENT).context.elr, ip);
}

#[test]
fn a_passive_pd_runs_on_its_callers_time_and_gives_it_back() {
    let mut system = System::with(|builder| {
        builder.threads[1].flags |= ThreadFlags::PASSIVE;
    });
    // What libmicrokit does after `init`: tell the monitor and receive.
    system.kernel.signal(crate::objects::NotificationId(1), 1);
    system.kernel.schedule();
    system.kernel.activate_current();
    let _ = console::take();
    system.x(SERVER)[8] = slot::MONITOR_ENDPOINT;
    system.call(syscall::NB_SEND_RECV, slot::INPUT, MessageInfo::new(), &[]);
    assert_eq!(console::take(), "MON|INFO: PD 'server' is now passive!\n");
    // The next receive gives its own scheduling context to its notification.
    system.kernel.signal(crate::objects::NotificationId(1), 1);
    system.kernel.schedule();
    system.kernel.activate_current();
    system.receive(SERVER);
    assert_eq!(system.kernel.thread(SERVER).sched_context, None);

    system.interrupt(30);
    system.call(syscall::CALL, slot::ENDPOINT + 1, MessageInfo::new(), &[]);
    let clients = Some(SchedContextId(CLIENT.0));
    assert_eq!(system.current(), Some(SERVER));
    assert_eq!(system.kernel.thread(SERVER).sched_context, clients);
    assert_eq!(system.kernel.thread(CLIENT).sched_context, None);
    system.call(syscall::REPLY_RECV, slot::INPUT, MessageInfo::new(), &[]);
    assert_eq!(system.current(), Some(CLIENT));
    assert_eq!(system.kernel.thread(CLIENT).sched_context, clients);
    assert_eq!(system.kernel.thread(SERVER).sched_context, None);

    // A signal runs it on its own.
    system.call(
        syscall::SEND,
        slot::NOTIFICATION + 3,
        MessageInfo::new(),
        &[],
    );
    assert_eq!(system.current(), Some(SERVER));
    let own = Some(SchedContextId(SERVER.0));
    assert_eq!(system.kernel.thread(SERVER).sched_context, own);
}

#[test]
fn an_interrupt_stays_masked_until_it_is_acknowledged() {
    let mut system = System::new();
    system.interrupt(30);
    assert!(gic::is_masked(30));
    assert_eq!(system.badge(CLIENT), 1);
    assert_eq!(system.invoke(slot::IRQ, label::IRQ_ACK, &[]), (0, vec![]));
    assert!(!gic::is_masked(30));
    assert_eq!(system.invoke(slot::IRQ, 1, &[]), (3, vec![]));
}
