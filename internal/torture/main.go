package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
)

func main() {
	if isChild() {
		os.Exit(child())
	}
	kills := flag.Int("kills", 1000, "how many times the gateway is killed")
	seed := flag.Uint64("seed", rand.Uint64(), "of the points and moments")
	dir := flag.String("dir", os.TempDir(), "where the data folders lie")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *kills, *seed, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kills int, seed uint64, parent string) error {
	dir, err := os.MkdirTemp(parent, "vestibule-torture-")
	if err != nil {
		return err
	}
	fmt.Printf("%d kills, seed %d, in %s\n", kills, seed, dir)
	c := &campaign{kills: kills, seed: seed, dir: dir, progress: os.Stdout}
	sum, err := c.run(ctx)
	sum.print(os.Stdout)
	if err != nil {
		return err
	}
	if len(sum.findings) > 0 {
		return fmt.Errorf("%d findings; the folder is kept in %s", len(sum.findings), dir)
	}
	return os.RemoveAll(dir)
}
