//! Each element of Microkit that we read.

use roxmltree::Node;

use super::reader::{Reader, attribute, opening};
use super::{Channel, Domain, End, Interrupt, Machine, Map, Region, Schedule};
use crate::fact::Fact;
use crate::source::Spanned;
use crate::vocabulary::{Subject, Word};

impl Reader<'_> {
    pub(super) fn region(&mut self, node: Node<'_, '_>) {
        let span = opening(node, self.source);
        let Some(name) = self.required(node, "name") else {
            return;
        };
        let region = Region {
            name,
            size: self.number(node, "size"),
            page_size: self.number(node, "page_size"),
            physical: self.number(node, "phys_addr"),
            prefill: attribute(node, "prefill_path"),
            span,
        };
        self.document.regions.push(region);
    }

    pub(super) fn domain(&mut self, node: Node<'_, '_>, facts: Vec<Fact>) {
        let facts = self.placed(facts, Subject::Domain);
        let span = opening(node, self.source);
        let Some(name) = self.required(node, "name") else {
            return;
        };
        let mut domain = Domain {
            name,
            schedule: self.schedule(node),
            fpu: attribute(node, "fpu"),
            smc: node.attribute("smc") == Some("true"),
            program: None,
            maps: Vec::new(),
            interrupts: Vec::new(),
            machine: None,
            facts,
            span,
        };
        let subject = match domain.fact(Word::Driver) {
            Some(_) => Subject::DriverMap,
            None => Subject::OwnMap,
        };
        for (child, facts) in self.children(node, &mut Vec::new()) {
            match child.tag_name().name() {
                "map" => {
                    let facts = self.placed(facts, subject);
                    domain.maps.extend(self.map(child, facts));
                    continue;
                }
                "irq" => {
                    let facts = self.placed(facts, Subject::Interrupt);
                    domain.interrupts.extend(self.interrupt(child, facts));
                    continue;
                }
                "program_image" => domain.program = attribute(child, "path"),
                "virtual_machine" => domain.machine = self.machine(child),
                "protection_domain" => {
                    self.domain(child, facts);
                    continue;
                }
                _ => {}
            }
            self.misplaced(&facts);
        }
        self.document.domains.push(domain);
    }

    fn machine(&mut self, node: Node<'_, '_>) -> Option<Machine> {
        let mut machine = Machine {
            name: self.required(node, "name")?,
            schedule: self.schedule(node),
            vcpus: Vec::new(),
            maps: Vec::new(),
            facts: Vec::new(),
            span: opening(node, self.source),
        };
        let mut facts_of_guest = Vec::new();
        for (child, facts) in self.children(node, &mut facts_of_guest) {
            match child.tag_name().name() {
                "map" => {
                    let facts = self.placed(facts, Subject::GuestMap);
                    machine.maps.extend(self.map(child, facts));
                }
                "vcpu" => {
                    self.misplaced(&facts);
                    machine.vcpus.extend(self.required_number(child, "id"));
                }
                _ => self.misplaced(&facts),
            }
        }
        machine.facts = facts_of_guest;
        Some(machine)
    }

    fn map(&mut self, node: Node<'_, '_>, facts: Vec<Fact>) -> Option<Map> {
        let span = opening(node, self.source);
        let region = self.required(node, "mr");
        let address = self.required_number(node, "vaddr");
        let permissions = attribute(node, "perms").unwrap_or_else(|| Spanned {
            value: "rw".to_owned(),
            span: span.clone(),
        });
        Some(Map {
            region: region?,
            address: address?,
            permissions,
            cached: node.attribute("cached") != Some("false"),
            facts,
            span,
        })
    }

    fn interrupt(&mut self, node: Node<'_, '_>, facts: Vec<Fact>) -> Option<Interrupt> {
        let intid = self.decimal(node, "irq");
        let channel = self.decimal(node, "id");
        Some(Interrupt {
            intid: intid?,
            channel: channel?,
            edge: node.attribute("trigger") == Some("edge"),
            facts,
            span: opening(node, self.source),
        })
    }

    pub(super) fn channel(&mut self, node: Node<'_, '_>) {
        let mut ends = Vec::new();
        for end in node.children().filter(|child| child.has_tag_name("end")) {
            let domain = self.required(end, "pd");
            let channel = self.decimal(end, "id");
            if let (Some(domain), Some(channel)) = (domain, channel) {
                ends.push(End {
                    domain,
                    channel,
                    notifies: end.attribute("notify") != Some("false"),
                });
            }
        }
        self.document.channels.push(Channel { ends });
    }

    fn schedule(&mut self, node: Node<'_, '_>) -> Schedule {
        let priority = self.number(node, "priority");
        let budget = self.number(node, "budget").map_or(1000, |n| n.value);
        let period = self.number(node, "period").map_or(budget, |n| n.value);
        Schedule {
            priority: priority.as_ref().map_or(0, |n| n.value),
            budget,
            period,
            span: priority.map_or_else(|| opening(node, self.source), |n| n.span),
        }
    }
}
