package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestChaos kills the runner and agents while 20 workflows run, three times, and
// with AEGIS_CHAOS=1, as make chaos does, 50 times during 100. AEGIS_SEED repeats
// the moments of a run, as far as the machine's scheduler lets it.
func TestChaos(t *testing.T) {
	t.Parallel()
	workflows, kills := 20, 3
	if os.Getenv("AEGIS_CHAOS") != "" {
		workflows, kills = 100, 50
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("AEGIS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("AEGIS_SEED=%d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	p := newPlace(t, `{"delay_ms":200}`)
	begin := time.Now()
	s := p.begin("listening", "serve")
	started, runners, agents := 0, 0, 0
	for runners+agents < kills {
		for n := (started*kills + workflows - 1) / workflows; started < workflows && n <= runners+agents; n = (started*kills + workflows - 1) / workflows {
			p.must("start", "--id", fmt.Sprint("chaos-", started), "--questions", "3", "--no-approval")
			started++
		}
		time.Sleep(time.Duration(50+dice.IntN(500)) * time.Millisecond)
		ids := s.agents()
		if (runners+agents)%2 == 1 && len(ids) > 0 {
			if syscall.Kill(ids[dice.IntN(len(ids))], syscall.SIGKILL) == nil {
				agents++
			}
			continue
		}
		s.kill(t)
		runners++
		s = p.begin("listening", "serve")
	}
	for ; started < workflows; started++ {
		p.must("start", "--id", fmt.Sprint("chaos-", started), "--questions", "3", "--no-approval")
	}
	limit := time.Now().Add(3 * time.Minute)
	for running := p.must("list", "--status", "running", "--limit", "100"); running != ""; running = p.must("list", "--status", "running", "--limit", "100") {
		if time.Now().After(limit) {
			t.Fatalf("AEGIS_SEED=%d: still running:\n%s", seed, running)
		}
		time.Sleep(200 * time.Millisecond)
	}
	for i := range workflows {
		id := fmt.Sprint("chaos-", i)
		if out := p.must("get", id); !strings.Contains(out, "succeeded") {
			t.Errorf("AEGIS_SEED=%d: %s", seed, out)
		}
		if _, err := os.Stat(p.dir + "/files/artifacts/" + id + "/report.md"); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d workflows finished, the runner was killed %d times and agents %d times, in %s",
		workflows, runners, agents, time.Since(begin).Round(100*time.Millisecond))
	if err := s.signal(t, syscall.SIGTERM); err != nil {
		t.Error(err, s.out)
	}
}
