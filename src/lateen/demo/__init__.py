"""Bookinfo, ours: the well-known bookshop page, in Python and the standard library alone.

Four services, six workloads. Paths, JSON shapes, headers, switches and time limits are those of Istio's sample
(samples/bookinfo), so that what people know of it holds here; code, words and look are our own.

* `productpage` asks `details` and `reviews` and makes the page. Signing in sets the user, who is sent on as `end-user`.
* `details` knows the book.
* `reviews` v1 shows no stars, v2 black ones, v3 red ones; v2 and v3 ask `ratings`.
* `ratings` knows the stars.

Each runs by itself: `python -I -m lateen.demo.reviews [PORT]` (else the variable `PORT`, else 9080), listens on
0.0.0.0, writes one line per request to standard output and stops within 100 ms of SIGTERM. They call each other by
plain name, `http://reviews:9080`; `lateen.demo.addresses` lists the variables that change this.

`lateen.demo.manifests` has the Kubernetes and Istio documents that make a mesh of them, and the examples to apply next.
"""
