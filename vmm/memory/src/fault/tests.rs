use super::*;
use crate::backend::model::KernelModel;
use crate::backend::{CapBackend, CapError, KernelError};
use crate::{Attributes, Cptr, FrameSlice, Rights};

type Map<'f> = MemoryMap<char, FrameSlice<'f>, CapBackend<KernelModel>, 8>;

static CPTRS: [Cptr; 2] = [Cptr(1), Cptr(2)];

fn map<'f>() -> Map<'f> {
    let model = KernelModel::new([(1, 12), (2, 12)]);
    MemoryMap::new(CapBackend::new(model))
}

fn range(base: u64, size: u64) -> GpaRange {
    GpaRange::new(Gpa(base), size).unwrap()
}

fn write(gpa: u64) -> Access {
    Access {
        gpa: Gpa(gpa),
        size: AccessSize::Word,
        kind: AccessKind::Write,
    }
}

fn frames<'f>() -> FrameSlice<'f> {
    FrameSlice::new(&CPTRS, Gpa(0x4000), Rights::ALL, 12, Attributes::Normal)
}

fn nobody(_: char, _: Fault) -> FaultResult {
    panic!("a handler was asked")
}

const ANSWERS: [FaultResult; 5] = [
    FaultResult::Handled,
    FaultResult::Unhandled,
    FaultResult::Restart,
    FaultResult::Ignore,
    FaultResult::Error,
];

#[test]
fn the_handlers_own_answer_counts() {
    let mut map = map();
    map.reserve_memory_at(range(0x1000, 0x1000), 'u').unwrap();
    for answer in ANSWERS {
        let mut asked = Vec::new();
        let found = map.handle_fault(write(0x1018), |handler, fault| {
            asked.push((handler, fault));
            answer
        });
        assert_eq!(found, answer);
        let fault = Fault {
            access: write(0x1018),
            range: Some(range(0x1000, 0x1000)),
            offset: 0x18,
        };
        assert_eq!(asked, [('u', fault)]);
    }
}

#[test]
fn a_mapped_reservation_still_asks_its_handler() {
    let mut map = map();
    let reservation = map.reserve_memory_at(range(0x4000, 0x2000), 'm').unwrap();
    map.map_reservation(reservation, frames()).unwrap();
    let answer = map.handle_fault(write(0x5000), |handler, fault| {
        assert_eq!((handler, fault.offset), ('m', 0x1000));
        FaultResult::Ignore
    });
    assert_eq!(answer, FaultResult::Ignore);
}

#[test]
fn nothing_and_unused_pools_are_unhandled() {
    let mut map = map();
    map.make_anon(range(0x10_0000, 0x2000)).unwrap();
    map.reserve_anon_memory(0x1000, 1, 'p').unwrap();
    assert_eq!(map.handle_fault(write(0), nobody), FaultResult::Unhandled);
    let in_pool = map.handle_fault(write(0x10_1000), nobody);
    assert_eq!(in_pool, FaultResult::Unhandled);
    assert_eq!(map.find(Gpa(0x10_1000), AccessSize::Byte), None);
    let reserved = map.handle_fault(write(0x10_0000), |_, _| FaultResult::Handled);
    assert_eq!(reserved, FaultResult::Handled);
}

#[test]
fn the_fallback_answers_what_nobody_else_does() {
    let mut map = map();
    map.reserve_memory_at(range(0x1000, 0x1000), 'u').unwrap();
    map.register_unhandled_handler('f');
    for answer in ANSWERS {
        let found = map.handle_fault(write(0x2000), |handler, fault| {
            assert_eq!(handler, 'f');
            assert_eq!((fault.range, fault.offset), (None, 0x2000));
            answer
        });
        assert_eq!(found, answer);
    }
    // A handler that declines passes the fault on; another answer is final.
    let mut asked = Vec::new();
    let passed_on = map.handle_fault(write(0x1000), |handler, _| {
        asked.push(handler);
        match handler {
            'f' => FaultResult::Ignore,
            _ => FaultResult::Unhandled,
        }
    });
    assert_eq!(passed_on, FaultResult::Ignore);
    assert_eq!(asked, ['u', 'f']);
    let kept = map.handle_fault(write(0x1000), |handler, _| {
        assert_eq!(handler, 'u');
        FaultResult::Error
    });
    assert_eq!(kept, FaultResult::Error);
}

#[test]
fn a_deferred_mapping_is_made_once_and_the_access_restarted() {
    let mut map = map();
    let reservation = map.reserve_memory_at(range(0x4000, 0x2000), 'd').unwrap();
    map.map_reservation_deferred(reservation, frames()).unwrap();
    assert!(map.backend().caps().pages().is_empty());
    assert_eq!(
        map.map_reservation(reservation, frames()),
        Err(MapError::AlreadyMapped(range(0x4000, 0x2000)))
    );
    let first = map.handle_fault(write(0x4000), nobody);
    assert_eq!(first, FaultResult::Restart);
    assert_eq!(map.backend().caps().pages().len(), 2);
    let again = map.handle_fault(write(0x4000), |_, _| FaultResult::Handled);
    assert_eq!(again, FaultResult::Handled, "now it is the handler's");
    map.free_reserved_memory(reservation).unwrap();
    assert!(map.backend().caps().pages().is_empty());
}

#[test]
fn a_deferred_mapping_that_fails_is_an_error_with_a_reason() {
    let mut map = map();
    let reservation = map.reserve_memory_at(range(0x4000, 0x2000), 'd').unwrap();
    map.map_reservation_deferred(reservation, frames()).unwrap();
    map.backend_mut().caps_mut().tables_left = 0;
    assert_eq!(map.fault_error(), None);
    assert_eq!(map.handle_fault(write(0x4000), nobody), FaultResult::Error);
    assert!(matches!(
        map.fault_error(),
        Some(MapError::Backend(CapError::Table {
            cause: KernelError::NotEnoughMemory,
            ..
        }))
    ));
    // The reservation kept its frames: the next fault tries again.
    map.backend_mut().caps_mut().tables_left = 3;
    let retried = map.handle_fault(write(0x4000), nobody);
    assert_eq!(retried, FaultResult::Restart);
}

/// The error is that of the last fault, not of an earlier one.
#[test]
fn another_fault_has_no_mapping_error() {
    let mut map = map();
    let deferred = map.reserve_memory_at(range(0x4000, 0x2000), 'd').unwrap();
    map.map_reservation_deferred(deferred, frames()).unwrap();
    map.reserve_memory_at(range(0x8000, 0x1000), 'e').unwrap();
    map.backend_mut().caps_mut().tables_left = 0;
    assert_eq!(map.handle_fault(write(0x4000), nobody), FaultResult::Error);
    assert!(map.fault_error().is_some());
    let broken = map.handle_fault(write(0x8000), |_, _| FaultResult::Error);
    assert_eq!(broken, FaultResult::Error);
    assert_eq!(map.fault_error(), None);
}

#[test]
fn a_deferred_mapping_that_was_never_used_is_freed() {
    let mut map = map();
    let reservation = map.reserve_memory_at(range(0x4000, 0x2000), 'd').unwrap();
    map.map_reservation_deferred(reservation, frames()).unwrap();
    map.free_reserved_memory(reservation).unwrap();
    assert_eq!(map.backend().caps().calls, 0);
    assert_eq!(
        map.handle_fault(write(0x4000), nobody),
        FaultResult::Unhandled
    );
}

#[test]
fn a_half_mapped_reservation_stops_the_guest() {
    let mut map = map();
    let reservation = map.reserve_memory_at(range(0x4000, 0x2000), 'd').unwrap();
    map.map_reservation_deferred(reservation, frames()).unwrap();
    {
        let caps = map.backend_mut().caps_mut();
        caps.inject = Some((5, KernelError::IllegalOperation));
        caps.unmap_error = Some(KernelError::IllegalOperation);
    }
    assert_eq!(map.handle_fault(write(0x4000), nobody), FaultResult::Error);
    assert!(matches!(map.fault_error(), Some(MapError::Torn { .. })));
    assert_eq!(map.handle_fault(write(0x4000), nobody), FaultResult::Error);
    assert_eq!(map.find(Gpa(0x4000), AccessSize::Byte), None);
}
