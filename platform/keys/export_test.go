package keys

// Forget empties the keys held in memory.
func (r *Ring) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cache = map[string][32]byte{}
}
