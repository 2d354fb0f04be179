# The submission image: locked dependencies, then agent/, then weights/. Nothing is fetched at run time.
# Layout and volumes are those of the contest's own agent image, since its tooling relies on them.
# Builds with BuildKit and with the legacy builder: no RUN --mount, no heredocs.

FROM debian:bookworm-slim AS build
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates python3-venv
COPY requirements.lock /tmp/
# Of ONNX Runtime stays what runs a graph: its tools go, and its second copy, which is for C. Of numpy goes what builds against it,
# of Gymnasium the games, of all libraries the stubs for type checkers and the tests; of pip's venv, pip.
RUN python3 -m venv /root/venv && \
    /root/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock && \
    cd /root/venv/lib/python3.11/site-packages && \
    rm -r onnxruntime/quantization onnxruntime/tools onnxruntime/transformers onnxruntime/capi/libonnxruntime.so.* \
      numpy/f2py numpy/distutils numpy/_core/include \
      gymnasium/envs/box2d gymnasium/envs/classic_control gymnasium/envs/mujoco gymnasium/envs/phys2d \
      gymnasium/envs/tabular gymnasium/envs/toy_text && \
    find . -name '*.pyi' -delete && \
    find . -depth -type d -name tests -exec rm -r {} + && \
    /root/venv/bin/pip uninstall -y -q setuptools && \
    /root/venv/bin/pip uninstall -y -q pip

FROM debian:bookworm-slim AS system
RUN apt-get update && \
    apt-get install -y --no-install-recommends python3 tini && \
    apt-get clean && \
    rm -rf /var/lib/apt/lists/* /var/log/*
# Where the base is a stand-in (tests/containers/make_base_image.sh), it names what of it must not travel on.
RUN if [ -f /etc/stand-in ]; then xargs -r -a /etc/stand-in rm -rf -- && rm /etc/stand-in; fi
# Any user may play (docker run --user): all is readable, and the two folders that a run writes to are everybody's.
RUN mkdir -p /root/compo/tmp /root/compo/out && \
    chmod 755 /root && chmod 1777 /root/compo/tmp /root/compo/out && \
    echo agent > /root/hostname && \
    printf '%s\n' 'PATH=/root/venv/bin:$PATH' 'cd /root/compo' > /root/.bash_profile

FROM scratch
LABEL org.opencontainers.image.title="qjerk" \
      org.opencontainers.image.description="A Retro Contest agent: a pretrained Q-network, and JERK when it stalls" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# The contest's own push fails on an empty layer, so every step here copies a file, and there is no WORKDIR (of which
# BuildKit makes an empty layer): the entry point's login shell goes to /root/compo, as its profile says.
COPY --from=system / /
COPY --from=build /root/venv /root/venv
COPY agent /root/compo/agent
RUN ["/root/venv/bin/python", "-m", "compileall", "-q", "/root/compo/agent"]
# Without the file that only training reads.
COPY weights/*.json weights/*.onnx /root/compo/weights/
# HOME, for whom the image does not know. No telemetry: agent/network/policy.py asks ONNX Runtime for the same; here it
# holds for whatever else is started.
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root PYTHONUNBUFFERED=1 \
    ORT_DISABLE_TELEMETRY=1
VOLUME /root/compo/tmp
VOLUME /root/compo/out
# tini: as process 1 Python would ignore SIGTERM until it has said what to do then.
ENTRYPOINT ["tini", "--", "bash", "-lc", "exec $0 $@"]
CMD ["python", "-m", "agent"]
