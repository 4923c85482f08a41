//! The image's tables: threads, address spaces, mappings, channels, interrupts.

use devsdk_image::{
    ChannelEnd, ChannelKind, IPC_BUFFER_ADDRESS, Irq, Mapping, MappingAttributes, NONE, PAGE_SIZE,
    STACK_TOP, Thread, ThreadFlags, ThreadKind, VSpace,
};

use super::place::Regions;
use super::{Writer, ZEROS_IN_FILE, map_attributes};
use crate::program::{Program, Segment};
use crate::system::{Map, ProtectionDomain, Scheduling, VirtualMachine};
use crate::{Error, Result};

/// At least the bytes of all records that one element, segment or virtual CPU leads to.
pub(super) const LONGEST_RECORDS: u64 = 512;

const DATA: u32 = MappingAttributes::READ | MappingAttributes::WRITE | MappingAttributes::CACHED;

/// At least the number of elements of a PD that lead to records, itself included.
pub(super) fn most_records(pd: &ProtectionDomain) -> usize {
    let machine = pd.virtual_machine.as_ref();
    let machine = machine.map_or(0, |machine| 1 + machine.maps.len() + machine.vcpus.len());
    1 + pd.maps.len() + pd.irqs.len() + machine
}

fn padded_name(name: &str) -> [u8; 64] {
    let mut padded = [0; 64];
    let length = padded.len() - 1;
    padded
        .iter_mut()
        .zip(name.bytes())
        .take(length)
        .for_each(|(to, from)| *to = from);
    padded
}

impl Writer<'_> {
    pub(super) fn add_programs(&mut self, programs: &[Program], regions: &Regions) -> Result<()> {
        for (pd, program) in self.system.protection_domains.iter().zip(programs) {
            let vspace = self.add_vspace();
            check_segments(pd, program, self.system)?;
            for segment in &program.segments {
                self.add_segment(pd, vspace, segment)?;
            }
            self.add_maps(vspace, &pd.maps, regions);
            let name = &pd.name;
            let stack = self.allocate_zeroed(format!("stack of '{name}'"), pd.stack_size)?;
            self.add_mapping(vspace, pd.stack_bottom(), stack, pd.stack_size, DATA);
            let buffer = self.allocate_zeroed(format!("IPC buffer of '{name}'"), PAGE_SIZE)?;
            self.add_mapping(vspace, IPC_BUFFER_ADDRESS, buffer, PAGE_SIZE, DATA);
            self.builder
                .threads
                .push(pd_thread(pd, program, vspace, buffer));
        }
        Ok(())
    }

    pub(super) fn add_virtual_machines(&mut self, regions: &Regions) -> Result<()> {
        for (index, pd) in self.system.protection_domains.iter().enumerate() {
            let Some(machine) = &pd.virtual_machine else {
                continue;
            };
            let vspace = self.add_vspace();
            self.add_maps(vspace, &machine.maps, regions);
            for vcpu in &machine.vcpus {
                let what = format!("IPC buffer of vCPU {} of '{}'", vcpu.id, machine.name);
                let buffer = self.allocate_zeroed(what, PAGE_SIZE)?;
                let thread = vcpu_thread(machine, vcpu.id, index, vspace, buffer);
                self.builder.threads.push(thread);
            }
        }
        Ok(())
    }

    pub(super) fn add_channels(&mut self) {
        for channel in &self.system.channels {
            for (end, other) in channel.directions() {
                let kinds = [
                    (end.notify, ChannelKind::Notify),
                    (end.call, ChannelKind::Call),
                ];
                for (_, kind) in kinds.into_iter().filter(|(allowed, _)| *allowed) {
                    self.builder.channel_ends.push(ChannelEnd {
                        kind: kind as u32,
                        holder: end.pd as u32,
                        holder_id: end.id as u32,
                        target: other.pd as u32,
                        target_id: other.id as u32,
                        reserved: 0,
                    });
                }
            }
        }
    }

    pub(super) fn add_irqs(&mut self) {
        for (index, pd) in self.system.protection_domains.iter().enumerate() {
            self.builder.irqs.extend(pd.irqs.iter().map(|irq| Irq {
                intid: irq.intid as u32,
                thread: index as u32,
                id: irq.id as u32,
                trigger: irq.trigger as u32,
            }));
        }
    }

    fn add_vspace(&mut self) -> u32 {
        self.builder.vspaces.push(VSpace::default());
        self.builder.vspaces.len() as u32 - 1
    }

    fn add_mapping(&mut self, vspace: u32, virt: u64, physical: u64, length: u64, attributes: u32) {
        self.builder.mappings.push(Mapping {
            vspace,
            attributes,
            virtual_address: virt,
            physical_address: physical,
            length,
        });
    }

    fn add_maps(&mut self, vspace: u32, maps: &[Map], regions: &Regions) {
        for map in maps {
            let system = self.system;
            let (Some(region), Some(address)) =
                (system.region(&map.region), regions.address(&map.region))
            else {
                continue;
            };
            let attributes = map_attributes(map, region.page_size);
            self.add_mapping(vspace, map.vaddr, address, region.size, attributes);
        }
    }

    /// The segment's bytes stay in the file, from the start of their first page to the end of
    /// their last; many zero pages after them are allocated.
    fn add_segment(&mut self, pd: &ProtectionDomain, vspace: u32, segment: &Segment) -> Result<()> {
        let start = segment.address - segment.address % PAGE_SIZE;
        let end = segment.end().next_multiple_of(PAGE_SIZE);
        let filled = segment.address - start + segment.data.len() as u64;
        let filled_end = start + filled.next_multiple_of(PAGE_SIZE);
        let file_end = if end - filled_end > ZEROS_IN_FILE {
            filled_end
        } else {
            end
        };
        let attributes = segment.attributes;
        if file_end > start {
            let mut bytes = vec![0; (segment.address - start) as usize];
            bytes.extend_from_slice(&segment.data);
            bytes.resize((file_end - start) as usize, 0);
            let physical =
                self.image_address + self.builder.add_payload(&bytes, PAGE_SIZE as usize);
            self.note(
                format!("program of '{}' at {start:#x}", pd.name),
                physical,
                file_end - start,
            );
            self.add_mapping(vspace, start, physical, file_end - start, attributes);
        }
        if end > file_end {
            let what = format!("zeros of '{}' at {file_end:#x}", pd.name);
            let physical = self.allocate_zeroed(what, end - file_end)?;
            self.add_mapping(vspace, file_end, physical, end - file_end, attributes);
        }
        Ok(())
    }
}

/// Segments share no page with each other, and lie apart from regions and below the stack.
fn check_segments(
    pd: &ProtectionDomain,
    program: &Program,
    system: &crate::system::System,
) -> Result<()> {
    let name = &pd.name;
    let mut pages: Vec<(u64, u64)> = Vec::new();
    for segment in &program.segments {
        let start = segment.address - segment.address % PAGE_SIZE;
        let end = segment.end().checked_next_multiple_of(PAGE_SIZE);
        let Some(end) = end.filter(|end| *end <= pd.stack_bottom()) else {
            return Err(Error::Build(format!(
                "an ELF segment of PD '{name}' at {start:#x} exceeds its address space"
            )));
        };
        for map in &pd.maps {
            let map_end = map.vaddr + system.region(&map.region).map_or(0, |region| region.size);
            if start < map_end && map.vaddr < end {
                return Err(Error::Build(format!(
                    "mapping MR '{}' to PD '{name}' with vaddr [{:#x}..{map_end:#x}) will overlap \
                     with an ELF segment at [{start:#x}..{end:#x})",
                    map.region, map.vaddr
                )));
            }
        }
        if pages
            .iter()
            .any(|(other, other_end)| start < *other_end && *other < end)
        {
            return Err(Error::Build(format!(
                "two ELF segments of PD '{name}' share the page at {start:#x}: align them in the \
                 link script"
            )));
        }
        pages.push((start, end));
    }
    Ok(())
}

fn pd_thread(pd: &ProtectionDomain, program: &Program, vspace: u32, buffer: u64) -> Thread {
    let Scheduling {
        priority,
        budget,
        period,
    } = pd.scheduling;
    let flags = [
        (pd.passive, ThreadFlags::PASSIVE),
        (pd.fpu, ThreadFlags::FPU),
        (pd.smc, ThreadFlags::SMC),
    ];
    let flags = flags
        .iter()
        .filter(|(set, _)| *set)
        .fold(0, |flags, (_, flag)| flags | flag);
    Thread {
        name: padded_name(&pd.name),
        kind: ThreadKind::ProtectionDomain as u32,
        flags,
        entry: program.entry,
        stack_top: STACK_TOP,
        stack_bottom: pd.stack_bottom(),
        ipc_buffer_address: IPC_BUFFER_ADDRESS,
        ipc_buffer_physical: buffer,
        priority: priority.into(),
        vspace,
        budget,
        period,
        parent: pd.parent.map_or(NONE, |parent| parent as u32),
        id: pd.id.unwrap_or_default() as u32,
    }
}

fn vcpu_thread(machine: &VirtualMachine, id: u64, pd: usize, vspace: u32, buffer: u64) -> Thread {
    let Scheduling {
        priority,
        budget,
        period,
    } = machine.scheduling;
    Thread {
        name: padded_name(&machine.name),
        kind: ThreadKind::Vcpu as u32,
        flags: ThreadFlags::FPU,
        entry: 0,
        stack_top: 0,
        stack_bottom: 0,
        ipc_buffer_address: 0,
        ipc_buffer_physical: buffer,
        priority: priority.into(),
        vspace,
        budget,
        period,
        parent: pd as u32,
        id: id as u32,
    }
}
