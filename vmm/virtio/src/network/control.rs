//! The control queue (Virtio 1.2, 5.1.6.5 "Control Virtqueue").

use heapless::Vec;
use vmm_device::Effects;
use zerocopy::{LittleEndian, U32};

use super::{
    MAX_FRAMES, Mac, Network, Port,
    filter::{Addresses, Filter, MAX_ADDRESSES},
};
use crate::queue::{Broken, Queue, Reader};

const OK: u8 = 0;
const ERROR: u8 = 1;

/// Most addresses of a list that are looked at. A longer list is refused.
const MAX_LIST: u32 = 1024;

impl<'m, P: Port> Network<'m, P> {
    /// Answers commands until there are none, or enough were answered for one call.
    pub(super) fn control(
        &mut self,
        queue: &mut Queue<'m>,
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        for _ in 0..MAX_FRAMES {
            if queue.pop(&mut self.chain_in)? {
                let mut command = self.chain_in.reader(self.memory);
                let done = obey(&mut command, &mut self.filter).is_some();
                let mut answer = self.chain_in.writer(self.memory);
                answer.write(&[if done { OK } else { ERROR }]);
                queue.push(self.chain_in.head(), answer.written());
            } else if !queue.request_notifications() {
                return Ok(());
            }
        }
        effects.defer();
        Ok(())
    }
}

/// `None`, and nothing changed: the command is not known, or not complete.
fn obey(command: &mut Reader<'_, '_>, filter: &mut Filter) -> Option<()> {
    match command.read_value::<[u8; 2]>()? {
        [0, number] => set_mode(command, number, filter),
        // VIRTIO_NET_CTRL_MAC: TABLE_SET, ADDR_SET
        [1, 0] => {
            let unicast = addresses(command)?;
            let multicast = addresses(command)?;
            (filter.unicast, filter.multicast) = (unicast, multicast);
            filter.all_multicast = false;
            Some(())
        }
        [1, 1] => {
            filter.own = Mac(command.read_value()?);
            Some(())
        }
        _ => None,
    }
}

/// VIRTIO_NET_CTRL_RX.
fn set_mode(command: &mut Reader<'_, '_>, number: u8, filter: &mut Filter) -> Option<()> {
    let mode = match number {
        0 => &mut filter.promiscuous,
        1 => &mut filter.all_multicast,
        2 => &mut filter.all_unicast,
        3 => &mut filter.no_multicast,
        4 => &mut filter.no_unicast,
        5 => &mut filter.no_broadcast,
        _ => return None,
    };
    let [on] = command.read_value::<[u8; 1]>()?;
    *mode = on != 0;
    Some(())
}

/// A list of addresses with its length before it; all addresses when there are too many to keep.
fn addresses(command: &mut Reader<'_, '_>) -> Option<Addresses> {
    let count = command.read_value::<U32<LittleEndian>>()?.get();
    if count > MAX_LIST {
        return None;
    }
    let mut list: Vec<Mac, MAX_ADDRESSES> = Vec::new();
    let mut all = false;
    for _ in 0..count {
        all |= list.push(Mac(command.read_value()?)).is_err();
    }
    Some((!all).then_some(list))
}
