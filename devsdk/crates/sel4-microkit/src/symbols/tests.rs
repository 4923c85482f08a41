//! Variables as they are before the tool has seen them.

#[test]
fn without_the_tool_there_is_no_name_and_no_channel() {
    assert_eq!(crate::pd_name(), Ok(""));
    assert!(!crate::pd_is_passive());
    assert_eq!(
        (super::pd_irqs(), super::pd_notifications(), super::pd_pps()),
        (0, 0, 0)
    );
}

#[test]
fn a_variable_has_its_default() {
    assert_eq!(*crate::var!(test_variable: usize = 0x1234), 0x1234);
}

#[test]
#[should_panic(expected = "test_region is null")]
fn a_region_that_the_tool_did_not_set_is_noticed() {
    let _ = crate::memory_region_symbol!(test_region: *mut u8);
}

#[test]
#[should_panic(expected = "notify: not valid for channel '3'")]
fn a_channel_that_the_tool_did_not_grant_is_noticed() {
    crate::Channel::new(3).notify();
}
