#![expect(unsafe_code, reason = "the shared page is an allocation of the test")]

use super::*;
use vmm_device::{Memory, OwnMemory, Region};
use vmm_memory::{RamSlice, RamWindow};

/// The device over a page in which the test keeps the time.
fn with_clock(test: impl FnOnce(RealTimeClock<'_>, &RamSlice<'_>)) {
    let page: &'static mut [u64; 512] = Box::leak(Box::new([0; 512]));
    let address = page.as_mut_ptr().expose_provenance() as u64;
    // SAFETY: the allocation is never freed, and nobody else uses it.
    let window = unsafe { RamWindow::new(address, 4096, vmm_arch::Gpa(address)) }.unwrap();
    let (memory, mut own) = (Memory::new(), OwnMemory::new());
    own.add(window).unwrap();
    let description: &'static _ = Box::leak(Box::new(vmm_config::EmulatedDevice {
        name: "rtc",
        lines: &[vmm_config::DeviceLine {
            intid: 40,
            edge: false,
        }],
        channels: &[3],
        windows: Box::leak(Box::new([vmm_config::Window {
            vmm_address: address,
            size: 4096,
        }])),
        parameters: &[],
    }));
    let resources = Resources::new(description, &memory, &own);
    let shared = resources.window(0).unwrap();
    test(RealTimeClock::from_resources(resources).unwrap(), &shared);
}

fn at(offset: u64) -> Access {
    Access {
        vcpu: vmm_arch::VcpuId(0),
        region: Region(0),
        offset,
        size: vmm_arch::AccessSize::Word,
    }
}

/// A new second; is the line high?
fn tick(clock: &mut RealTimeClock<'_>, shared: &RamSlice<'_>, seconds: u32) -> bool {
    shared.write_u32(0, seconds).unwrap();
    let mut effects = Effects::NONE;
    clock.signalled(Channel(0), &mut effects);
    effects.lines().next().unwrap().high
}

fn write(clock: &mut RealTimeClock<'_>, offset: u64, value: u64) -> bool {
    let mut effects = Effects::NONE;
    clock.write(at(offset), value, &mut effects);
    effects.lines().next().unwrap().high
}

fn read(clock: &mut RealTimeClock<'_>, offset: u64) -> u64 {
    clock.read(at(offset), &mut Effects::NONE.clone())
}

#[test]
fn the_time_is_the_other_domains_until_the_guest_sets_it() {
    with_clock(|mut clock, shared| {
        shared.write_u32(0, 1000).unwrap();
        assert_eq!(read(&mut clock, RTCDR), 1000);
        write(&mut clock, RTCLR, 5000);
        assert_eq!(read(&mut clock, RTCDR), 5000);
        shared.write_u32(0, 1001).unwrap();
        assert_eq!(read(&mut clock, RTCDR), 5001);
        clock.reset();
        assert_eq!(read(&mut clock, RTCDR), 5001, "a battery");
    });
}

#[test]
fn the_alarm_rings_once_its_second_has_come_also_when_seconds_are_missed() {
    for seen in [1003, 1007] {
        with_clock(|mut clock, shared| {
            assert!(!tick(&mut clock, shared, 1000));
            write(&mut clock, RTCMR, 1003);
            write(&mut clock, RTCIMSC, 1);
            assert!(!tick(&mut clock, shared, 1002));
            assert!(tick(&mut clock, shared, seen));
            assert_eq!(read(&mut clock, RTCMIS), 1);
            assert!(!write(&mut clock, RTCICR, 1), "cleared");
            assert!(!tick(&mut clock, shared, seen + 1), "once");
        });
    }
}

#[test]
fn a_masked_alarm_shows_in_the_raw_state_only() {
    with_clock(|mut clock, shared| {
        tick(&mut clock, shared, 10);
        write(&mut clock, RTCMR, 11);
        assert!(!tick(&mut clock, shared, 11));
        assert_eq!(read(&mut clock, RTCRIS), 1);
        assert_eq!(read(&mut clock, RTCMIS), 0);
        assert!(write(&mut clock, RTCIMSC, 1), "enabled later");
    });
}

#[test]
fn a_driver_finds_a_pl031() {
    with_clock(|mut clock, _| {
        let identity = (0..8).map(|index| read(&mut clock, IDENTIFICATION + 4 * index));
        assert!(identity.eq(IDENTITY.map(u64::from)));
        assert_eq!(read(&mut clock, 0xff8 + 8), 0, "nothing behind");
    });
}
