"""How a model leaves: transformers, sentence-transformers, ONNX, OpenVINO, mteb, and the hub."""

from typing import TYPE_CHECKING

from minbert.faces import face

if TYPE_CHECKING:
    from minbert.export.card import ModelCard as ModelCard
    from minbert.export.certificate import Certificate as Certificate, certify as certify
    from minbert.export.classifier import (
        SequenceClassifier as SequenceClassifier,
        load_classifier as load_classifier,
        save_classifier as save_classifier,
    )
    from minbert.export.exported import (
        ExportedEncoder as ExportedEncoder,
        load_exported as load_exported,
    )
    from minbert.export.graph import (
        SentenceGraph as SentenceGraph,
        sentence_graph as sentence_graph,
    )
    from minbert.export.mteb_model import MtebEncoder as MtebEncoder
    from minbert.export.runtimes import write_onnx as write_onnx, write_openvino as write_openvino

__all__, __getattr__, __dir__ = face(__name__, __file__)
