# The submission image: locked dependencies, then agent/, then weights/. Nothing is fetched at run time.
# Layout, entry point and volumes are those of the contest's own agent image, since its tooling relies on them.
# Builds with BuildKit and with the legacy builder: no RUN --mount, no heredocs.

FROM debian:bookworm-slim AS build
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates python3-venv && \
    rm -rf /var/lib/apt/lists/*
COPY requirements.lock /tmp/
# Of ONNX and its runtime stays what makes and runs a graph; what converts and checks others' goes, and the second copy
# of the runtime, which is for C.
RUN python3 -m venv /root/venv && \
    /root/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock && \
    cd /root/venv/lib/python3.11/site-packages && \
    rm -r onnx/backend onnx/reference onnxruntime/quantization onnxruntime/tools onnxruntime/transformers && \
    rm onnxruntime/capi/libonnxruntime.so.*
# torch alone comes from PyTorch's index: the +cpu build has no CUDA (several GB), and PyPI does not have it.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN /root/venv/bin/pip install --no-cache-dir --no-deps --index-url "$TORCH_INDEX" torch==2.13.0+cpu && \
    cd /root/venv/lib/python3.11/site-packages/torch && \
    find bin -type f ! -name torch_shm_manager -delete && \
    rm -r include test && \
    find .. -depth -type d -name tests -exec rm -r {} +

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="qjerk" \
      org.opencontainers.image.description="A Retro Contest agent: a pretrained Q-network, and JERK when it stalls" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
RUN apt-get update && \
    apt-get install -y --no-install-recommends python3 && \
    rm -rf /var/lib/apt/lists/*
# The contest's own push fails on an empty layer, so every step here writes a file, and there is no WORKDIR (of which
# BuildKit makes an empty layer): the entry point's login shell goes to /root/compo, as its profile says.
RUN mkdir -p /root/compo/tmp /root/compo/out && \
    echo agent > /root/hostname && \
    printf '%s\n' 'PATH=/root/venv/bin:$PATH' 'cd /root/compo' > /root/.bash_profile
COPY --from=build /root/venv /root/venv
COPY agent /root/compo/agent
RUN /root/venv/bin/python -m compileall -q /root/compo/agent
COPY weights /root/compo/weights
# No telemetry: agent/network/policy.py asks ONNX Runtime for the same; here it holds for whatever else is started.
ENV PYTHONUNBUFFERED=1 ORT_DISABLE_TELEMETRY=1
VOLUME /root/compo/tmp
VOLUME /root/compo/out
ENTRYPOINT ["bash", "-lc", "exec $0 $@"]
CMD ["python", "-m", "agent"]
