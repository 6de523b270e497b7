package abm

// bag merges equal cohorts. It keeps the order of first arrival, so that a run
// does not depend on anything but its draws.
type bag struct {
	list  []cohort
	slots []int32 // index+1 into list, open addressing
	// direct is the same for people at rest without a route ahead, by place,
	// recent travel and first leg: nearly everybody, found without a search.
	direct []int32
}

func (b *bag) reset() {
	b.list = b.list[:0]
	clear(b.slots)
	clear(b.direct)
}

// size prepares the direct table; only a bag of people at rest has one.
func (b *bag) size(places int) { b.direct = reuse(b.direct, places*2*(recentUnit+1)) }

func (b *bag) add(c cohort) {
	if c.route|c.metres|int32(c.class) == 0 && b.direct != nil {
		i := (int(c.where)*(recentUnit+1) + int(c.recent)) * 2
		if c.first {
			i++
		}
		if k := b.direct[i]; k != 0 {
			b.list[k-1].n += c.n
			return
		}
		b.list = append(b.list, c)
		b.direct[i] = int32(len(b.list))
		return
	}
	if 2*len(b.list) >= len(b.slots) {
		b.grow()
	}
	mask := uint32(len(b.slots) - 1)
	h := uint64(uint32(c.where))*0x9e3779b97f4a7c15 + uint64(uint32(c.metres))*0xc2b2ae3d27d4eb4f
	h ^= uint64(uint32(c.route))*0x165667b19e3779f9 + uint64(c.class)*0x27d4eb2f165667c5 + uint64(c.recent)*0x85ebca77c2b2ae63
	if c.first {
		h = ^h
	}
	h ^= h >> 29
	h *= 0xff51afd7ed558ccd
	for i := uint32(h>>32) & mask; ; i = (i + 1) & mask {
		k := b.slots[i]
		if k == 0 {
			b.list = append(b.list, c)
			b.slots[i] = int32(len(b.list))
			return
		}
		e := &b.list[k-1]
		if e.where == c.where && e.recent == c.recent && e.metres == c.metres && e.route == c.route && e.class == c.class && e.first == c.first {
			e.n += c.n
			return
		}
	}
}

func (b *bag) grow() {
	b.slots = make([]int32, max(256, 4*len(b.slots)))
	list := b.list
	b.list = b.list[:0]
	clear(b.direct)
	for _, c := range list {
		b.add(c)
	}
}
