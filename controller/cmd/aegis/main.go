package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// settings are the flags of all commands.
type settings struct {
	dataDir string
	port    int
	json    bool
	in      io.Reader
	out     io.Writer
	err     io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(&settings{in: os.Stdin, out: os.Stdout, err: os.Stderr}).ExecuteContext(ctx)
	stop()
	switch {
	case errors.Is(err, context.Canceled):
		os.Exit(130) // as a shell says of an interrupt
	case err != nil:
		fmt.Fprintln(os.Stderr, "aegis: "+err.Error())
		os.Exit(1)
	}
}

func command(s *settings) *cobra.Command {
	root := &cobra.Command{
		Use: "aegis", Short: "Aegis on this machine: agents' workflows that survive kill -9",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetOut(s.out)
	root.SetErr(s.err)
	flags := root.PersistentFlags()
	flags.StringVar(&s.dataDir, "data-dir", ".aegis", "the folder that holds everything")
	flags.IntVar(&s.port, "port", 0, "the port to listen at, on loopback (default any that is free)")
	flags.BoolVar(&s.json, "json", false, "print answers as JSON")
	root.AddCommand(s.demo(), s.serve(), s.start(), s.list(), s.get(), s.why(), s.history(), s.cancel(),
		s.decide("approve", "Approve what a workflow waits for"), s.decide("reject", "Reject what a workflow waits for"))
	return root
}
