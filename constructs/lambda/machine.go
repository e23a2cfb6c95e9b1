package lambda

import (
	"archive/zip"
	"debug/elf"
	"encoding/binary"
	"io"

	"github.com/aegis-agents/aegis/constructs/internal/check"
)

var machines = map[Architecture]elf.Machine{X8664: elf.EM_X86_64, ARM64: elf.EM_AARCH64}

// checkMachine compares the processor that the package's bootstrap was compiled
// for with the function's. Lambda says "exec format error", and only at the
// first call.
func (f settings) checkMachine(p *check.Problems, path string) {
	want, known := machines[f.architecture]
	if got, compiled := bootstrapMachine(path); known && compiled && got != want {
		p.Addf("Architecture", "must be that of the package's bootstrap, which is compiled for %s, got %q",
			machineName(got), string(f.architecture))
	}
}

// bootstrapMachine reads the ELF header of the file bootstrap in a zip. A script
// has none and runs on every processor.
func bootstrapMachine(path string) (machine elf.Machine, compiled bool) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return 0, false
	}
	defer archive.Close()
	file, err := archive.Open("bootstrap")
	if err != nil {
		return 0, false
	}
	defer file.Close()
	// e_ident, then e_type and e_machine. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
	header := make([]byte, elf.EI_NIDENT+4)
	if _, err := io.ReadFull(file, header); err != nil || string(header[:len(elf.ELFMAG)]) != elf.ELFMAG {
		return 0, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(header[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	return elf.Machine(order.Uint16(header[elf.EI_NIDENT+2:])), true
}

func machineName(m elf.Machine) string {
	for architecture, machine := range machines {
		if machine == m {
			return string(architecture)
		}
	}
	return m.String()
}
