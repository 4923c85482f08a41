//! A made-up Debian: apt-get and dpkg of a machine, and a mirror with packages.

use std::fs::{self, File};
use std::path::Path;

use tar::{Builder, Header};

use crate::machine::Machine;

/// Runs a program as glibc's loader would: without its own options.
const LOADER: &str = "#!/bin/sh\n[ \"$1\" = --library-path ] || exit 1\nshift 2\nexec \"$@\"\n";

/// apt-get: notes its arguments in apt.log and looks into the folder `debian`.
///
/// debian/SUITE/FILE.deb are packages; `machine` is the suite that is asked without a
/// configuration of one's own. Files that change what it does: `offline`; `removes` (what an
/// installation would remove); `conflict` (why it cannot be); `stumbles` (an installation reports an error at its end); `interrupt` (the next download ends in the middle).
const APT_GET: &str = r#"
debian=DEBIAN
echo "$*" >>$debian/apt.log
suite=machine
[ "$1" = -c ] && suite=own
for word; do
    case $word in
    update) action=update ;;
    indextargets) exit ;;
    --simulate) action=simulate ;;
    --print-uris) action=uris ;;
    --download-only) action=download ;;
    install) action=${action:-install} ;;
    Dir::Cache::archives=*) archives=${word#*=} ;;
    esac
done
if [ $suite = own ]; then
    if grep -q trixie-backports "$2"; then suite=trixie-backports; fi
fi
offline() {
    [ -e $debian/offline ] || return 0
    echo "E: Failed to fetch http://mirror.example/InRelease  Temporary failure resolving 'mirror.example'" >&2
    echo "E: Some index files failed to download." >&2
    exit 100
}
case $action in
update)
    offline
    touch $debian/$suite/ready
    ;;
simulate)
    if [ -e $debian/conflict ]; then echo "E: Error, $(cat $debian/conflict)" >&2; exit 100; fi
    if ! [ -e $debian/$suite/ready ]; then echo "E: Unable to locate package" >&2; exit 100; fi
    [ -e $debian/removes ] && echo "Remv $(cat $debian/removes) [1]"
    cat $debian/$suite/simulation
    ;;
uris)
    for deb in $debian/$suite/*.deb; do
        echo "'http://mirror.example/x' ${deb##*/} $(wc -c <$deb) SHA256:0"
    done
    ;;
download)
    offline
    echo "dlstatus:1:50.0:Retrieving file 1 of 2"
    for deb in $debian/$suite/*.deb; do
        if [ -e $debian/interrupt ]; then
            rm $debian/interrupt
            head -c 100 $deb >$archives/partial/${deb##*/}
            echo "E: Connection reset" >&2
            exit 100
        fi
        [ -e $debian/slow ] && sleep 1
        cp $deb $archives/
    done
    ;;
install)
    offline
    cp $debian/$suite/installs/* BIN/
    if [ -e $debian/stumbles ]; then echo "E: Can not write log" >&2; exit 100; fi
    ;;
esac
"#;

/// The suite that the machine's own apt-get has; every suite but trixie-backports has the same.
pub(crate) const OWN: [&str; 2] = ["machine", "own"];
pub(crate) const BACKPORTS: [&str; 1] = ["trixie-backports"];

/// A Debian around a machine.
pub(crate) struct Debian<'a> {
    machine: &'a Machine,
}

impl<'a> Debian<'a> {
    /// One without packages.
    pub(crate) fn new(machine: &'a Machine) -> Self {
        let folder = machine.path("debian");
        for suite in OWN.iter().chain(&BACKPORTS) {
            fs::create_dir_all(folder.join(suite).join("installs")).unwrap();
            fs::write(folder.join(suite).join("ready"), "").unwrap();
        }
        let script = APT_GET.replace("DEBIAN", folder.to_str().unwrap());
        machine.stub(
            "apt-get",
            &script.replace("BIN", machine.path("bin").to_str().unwrap()),
        );
        machine.stub("dpkg", "echo amd64");
        machine.stub("dpkg-deb", "cat $2");
        Self { machine }
    }

    /// Puts `package` into `suites`: a program, and a library that it depends on.
    pub(crate) fn package(
        self,
        suites: &[&str],
        package: &str,
        version: &str,
        program: &str,
        script: &str,
    ) -> Self {
        let script = format!("#!/bin/sh\n{script}\n");
        for suite in suites {
            let folder = self.machine.path("debian").join(suite);
            let file =
                |name: &str, version: &str| folder.join(format!("{name}_{version}_amd64.deb"));
            archive(
                &file(package, &version.replace(':', "%3a")),
                &[(&format!("usr/bin/{program}"), &script)],
            );
            archive(
                &file("libc6", "2.36"),
                &[("lib/t/libc.so.6", ""), ("lib/t/ld-linux-t.so.2", LOADER)],
            );
            let plan = format!("Inst libc6 (2.36 Debian)\nInst {package} ({version} Debian)\n");
            fs::write(folder.join("simulation"), plan).unwrap();
            let installed = folder.join("installs").join(program);
            fs::write(&installed, &script).unwrap();
            make_executable(&installed);
        }
        self
    }

    /// QEMU of one version.
    pub(crate) fn qemu(self, suites: &[&str], version: &str) -> Self {
        let script = format!("echo QEMU emulator version {version}");
        self.package(
            suites,
            "qemu-system-arm",
            &format!("1:{version}+dfsg-7"),
            "qemu-system-aarch64",
            &script,
        )
    }

    /// Sets one of apt-get's files.
    pub(crate) fn with(self, name: &str, content: &str) -> Self {
        fs::write(self.machine.path("debian").join(name), content).unwrap();
        self
    }

    /// Removes it.
    pub(crate) fn without(self, name: &str) -> Self {
        fs::remove_file(self.machine.path("debian").join(name)).unwrap();
        self
    }

    /// What apt-get was called with, a line each.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.machine.path("debian/apt.log")).unwrap_or_default()
    }

    /// The calls that changed the machine.
    pub(crate) fn installations(&self) -> usize {
        let log = self.log();
        log.lines()
            .filter(|line| line.contains("--no-remove"))
            .count()
    }

    /// The calls that downloaded packages for the project only.
    pub(crate) fn downloads(&self) -> usize {
        let log = self.log();
        log.lines()
            .filter(|line| line.contains("--download-only"))
            .count()
    }
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What stands for a package: the archive of its files.
fn archive(path: &Path, files: &[(&str, &str)]) {
    let mut tar = Builder::new(File::create(path).unwrap());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, name, content.as_bytes())
            .unwrap();
    }
    tar.finish().unwrap();
}
