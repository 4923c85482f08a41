//! Fault messages.

use super::*;
use crate::MessageInfoBuilder;

fn fault(label: Word, words: &[Word]) -> Fault {
    let mut buffer = IpcBuffer::default();
    buffer.msg_regs_mut()[..words.len()].copy_from_slice(words);
    let info = MessageInfoBuilder::default()
        .label(label)
        .length(words.len())
        .build();
    Fault::new(&buffer, &info)
}

#[test]
fn a_page_fault_has_four_words() {
    let Fault::VmFault(fault) = fault(6, &[0x4000, 0x900_0000, 0, 0x9380_0046]) else {
        panic!("a page fault")
    };
    assert_eq!(
        (fault.ip(), fault.addr(), fault.fsr()),
        (0x4000, 0x900_0000, 0x9380_0046)
    );
    assert!(!fault.is_prefetch());
}

#[test]
fn a_hypercall_has_its_arguments() {
    let words = [0, 1, 2, 3, 4, 5, 6, 7, 100, 101, 102, 103, 104];
    let Fault::UnknownSyscall(fault) = fault(2, &words) else {
        panic!("an unknown call")
    };
    (0..8).for_each(|index| assert_eq!(fault.gpr(index), index as Word));
    let rest = [
        fault.fault_ip(),
        fault.sp(),
        fault.lr(),
        fault.spsr(),
        fault.syscall(),
    ];
    assert_eq!(rest, [100, 101, 102, 103, 104]);
}

#[test]
fn maintenance_may_name_no_list_register() {
    let index = |word| match fault(7, &[word]) {
        Fault::VGicMaintenance(fault) => fault.idx(),
        other => panic!("{other:?}"),
    };
    assert_eq!((index(3), index(Word::MAX)), (Some(3), None));
}

#[test]
#[should_panic(expected = "no fault has label 40")]
fn another_label_is_no_fault() {
    fault(40, &[]);
}
