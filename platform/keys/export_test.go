package keys

// Forget empties the keys held in memory.
func (r *Ring) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.cache)
}
